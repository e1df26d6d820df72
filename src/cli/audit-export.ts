/** Owns `procwarden audit export`: the record, or a part of it, as NDJSON or CSV, for other tools. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { once } from 'node:events'
import { Command, Option } from 'commander'
import { UsageError, messageOf } from '../lib/errors.ts'
import type { AuditEntry } from '../remediator/model.ts'
import { listAuditEntries, type AuditFilter } from '../remediator/store/audit/list-audit-entries.ts'
import { parseMoment, stateDirOption } from './options.ts'
import { readStore } from './read-store.ts'

const FORMATS = ['ndjson', 'csv'] as const

interface Flags {
  readonly 'state.dir': string
  readonly format: (typeof FORMATS)[number]
  readonly output?: string
  readonly incident?: string
  readonly event?: string
  readonly since?: string
  readonly until?: string
}

const BATCH = 1_000
const COLUMNS = ['seq', 'at', 'event', 'incident', 'text', 'data', 'prev', 'hash'] as const

export function auditExportCommand(): Command {
  return new Command('export')
    .description('write the audit trail, with its hashes, for other tools')
    .addOption(stateDirOption())
    .addOption(new Option('--format <format>', 'one JSON object to a line, or a table').choices(FORMATS).default('ndjson'))
    .addOption(new Option('--output <file>', 'write to this new file, not to standard output'))
    .addOption(new Option('--incident <id>', 'only the timeline of this incident'))
    .addOption(new Option('--event <name>', 'only entries of this kind'))
    .addOption(new Option('--since <when>', 'only since then: 90m, 2h, 7d, or 2026-01-31T12:00:00Z').argParser(parseMoment))
    .addOption(new Option('--until <when>', 'only before then').argParser(parseMoment))
    .action(async (flags: Flags) => {
      const format = flags.format === 'csv' ? csvLine : (entry: AuditEntry): string => JSON.stringify(entry)
      const header = flags.format === 'csv' ? `${COLUMNS.join(',')}\n` : ''
      const write = flags.output === undefined ? toStandardOutput : toFile(flags.output)
      await write(header)
      const count = await exportEntries(flags, (entries) => write(entries.map((entry) => `${format(entry)}\n`).join('')))
      if (flags.output !== undefined) process.stderr.write(`${count} entries are in ${flags.output}\n`)
    })
}

async function exportEntries(flags: Flags, write: (entries: readonly AuditEntry[]) => Promise<void>): Promise<number> {
  const { incident, event, since, until } = flags
  const filter: AuditFilter = { incident, event, since, until }
  let count = 0
  for (let after = 0; ;) {
    const entries = readStore(flags['state.dir'], (database) => listAuditEntries(database, BATCH, filter, after))
    if (entries.length > 0) await write(entries)
    count += entries.length
    after = entries.at(-1)?.seq ?? after
    if (entries.length < BATCH) return count
  }
}

async function toStandardOutput(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

/** Never over a file that is there: it may be an earlier export. */
function toFile(file: string): (text: string) => Promise<void> {
  let isFirst = true
  return (text) => {
    try {
      const descriptor = openSync(file, isFirst ? 'wx' : 'a', 0o600)
      isFirst = false
      try {
        writeSync(descriptor, text)
      } finally {
        closeSync(descriptor)
      }
      return Promise.resolve()
    } catch (error) {
      return Promise.reject(new UsageError(`cannot write ${file}: ${messageOf(error)}`, error))
    }
  }
}

/** RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe: names of strangers are in there. */
function csvLine(entry: AuditEntry): string {
  return COLUMNS.map((column) => {
    const value = entry[column]
    const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '')
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }).join(',')
}
