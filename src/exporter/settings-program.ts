/** Owns the process that reads the exporter's configuration: options as JSON on standard input, the answer on standard output. */
import { text } from 'node:stream/consumers'
import { serialize } from 'node:v8'
import { UsageError } from '../lib/errors.ts'
import { loadCategories } from '../lib/groups/category-rules.ts'
import { loadExporterSettings } from './config.ts'
import type { SettingsReply } from './settings-reader.ts'
import type { ExporterOptions } from './settings.ts'

void text(process.stdin).then((asked) => {
  // Written by settings-reader.ts, so it needs no parsing.
  process.stdout.write(serialize(answer(JSON.parse(asked))))
})

function answer(options: ExporterOptions): SettingsReply {
  try {
    return { configuration: { settings: loadExporterSettings(options), categories: loadCategories() } }
  } catch (error) {
    if (error instanceof UsageError) return { faults: error.message }
    throw error
  }
}
