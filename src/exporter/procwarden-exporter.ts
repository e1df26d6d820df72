/** Owns the process that the exporter is: `procwarden exporter` becomes it once it has understood its command line. */
import { runUntilStopped } from '../lib/lifecycle.ts'
import { createLogger } from '../lib/log.ts'
import { messageOf } from '../lib/errors.ts'
import { runExporter } from './main.ts'
import { keepSmall } from './memory.ts'
import type { ExporterOptions } from './settings.ts'

// A log file on a full disk loses lines, never the program.
process.stderr.on('error', () => undefined)
// Written by cli/exporter.ts, so it needs no parsing.
const options: ExporterOptions = JSON.parse(process.argv[2] ?? '{}')
// Not left to the end of all work: a thread that hangs in the kernel would never end.
void run().then((code) => process.exit(code))

async function run(): Promise<number> {
  const log = createLogger({ level: options.logLevel ?? 'info', format: options.logFormat ?? 'text', part: 'exporter' })
  const stop = new AbortController()
  try {
    const exporter = await runExporter(options, log)
    void keepSmall(stop.signal)
    await runUntilStopped(exporter, log)
    return 0
  } catch (error) {
    process.stderr.write(`procwarden: ${messageOf(error)}\n`)
    return 1
  } finally {
    stop.abort()
  }
}
