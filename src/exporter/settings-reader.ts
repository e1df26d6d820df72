/**
 * Owns asking for the settings in force without holding what reads them: zod and yaml take 7 MB, which an exporter would carry
 * for ever to use once. A process of its own reads the file, answers, and is gone with all its memory; so it is for a reload.
 */
import { spawn } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deserialize } from 'node:v8'
import { OperationalError, UsageError } from '../lib/errors.ts'
import { programArguments } from '../lib/single-file.ts'
import type { CategoryRule } from '../lib/groups/category.ts'
import type { ExporterOptions, ExporterSettings } from './settings.ts'

export interface Configuration {
  readonly settings: ExporterSettings
  readonly categories: readonly CategoryRule[]
}

/** What the reading process answers, in V8's serialization: regular expressions survive it. */
export type SettingsReply = { readonly configuration: Configuration } | { readonly faults: string }

const ANSWER_MS_MAX = 30_000

/** Rejects with UsageError, which tells every fault of the file, or with OperationalError when there was no answer. */
export async function readConfiguration(options: ExporterOptions): Promise<Configuration> {
  const reply = await ask(options)
  if ('faults' in reply) throw new UsageError(reply.faults)
  return reply.configuration
}

async function ask(options: ExporterOptions): Promise<SettingsReply> {
  // The same extension as this file: .ts when run from source, .js when compiled.
  const program = fileURLToPath(new URL(`./settings-program${extname(import.meta.filename)}`, import.meta.url))
  const child = spawn(process.execPath, programArguments('settings-program', program), {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: ANSWER_MS_MAX,
    killSignal: 'SIGKILL',
  })
  // One that dies at once cannot be written to; its exit says why.
  child.stdin.on('error', () => undefined).end(JSON.stringify(options))
  const answer: Buffer[] = []
  let complaint = ''
  child.stdout.on('data', (chunk: Buffer) => answer.push(chunk))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-2000)))
  const end = await new Promise<string | number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(signal ?? code))
  })
  if (end !== 0) throw new OperationalError(`the configuration could not be read (${end}): ${complaint}`, { reason: 'config' })
  const reply: SettingsReply = deserialize(Buffer.concat(answer))
  return reply
}
