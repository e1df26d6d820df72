/** Owns `procwarden incidents`: what happened, as a table that fits the terminal or as JSON. Reads the store, also while no loop runs. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { Command, Option } from 'commander'
import { UsageError } from '../lib/errors.ts'
import { printable } from '../lib/log.ts'
import { viewIncidents, type IncidentView } from '../remediator/incident-view.ts'
import { nameOf } from '../remediator/model.ts'
import { Database, databasePath } from '../remediator/store/database.ts'
import { parsePositiveInteger, stateDirOption } from './options.ts'

interface Flags {
  readonly 'state.dir': string
  readonly json?: boolean
  readonly limit: number
}

/** Where there is no terminal, somebody's program reads: nothing is cut. */
const WIDTH_UNLIMITED = 10_000

export function incidentsCommand(): Command {
  return new Command('incidents')
    .description('list what was noticed and what was done about it, newest first')
    .addOption(stateDirOption())
    .addOption(new Option('--json', 'an array with every field and the timeline'))
    .addOption(new Option('--limit <n>', 'at most this many').argParser(parsePositiveInteger).default(100))
    .action((flags: Flags) => {
      const incidents = readStore(flags['state.dir'], (database) => viewIncidents(database, flags.limit))
      process.stdout.write(
        flags.json === true ? `${JSON.stringify(incidents, null, 2)}\n` : table(incidents, process.stdout.columns || WIDTH_UNLIMITED),
      )
    })
}

/** Opens the store of a state folder for one reading. Throws UsageError when there is none. */
export function readStore<Result>(stateDir: string, read: (database: Database) => Result): Result {
  const file = databasePath(path.resolve(stateDir))
  if (!existsSync(file))
    throw new UsageError(
      `there is no procwarden data in ${stateDir}: start the loop with procwarden up, or name its folder with --state.dir`,
    )
  const database = Database.openForReading(file)
  try {
    return read(database)
  } finally {
    database.close()
  }
}

/** A line of facts for each incident; below it what happened, wrapped to the terminal, and the id that other commands take. */
function table(incidents: readonly IncidentView[], width: number): string {
  if (incidents.length === 0) return 'No incidents.\n'
  const header = ['STARTED (UTC)', 'OUTCOME', 'PROGRAM', 'ALERT']
  const rows = incidents.map((incident) =>
    [
      incident.startedAt.slice(0, 19).replace('T', ' '),
      incident.outcome ?? incident.status,
      incident.target ? nameOf(incident.target) : (incident.labels['group'] ?? incident.labels['directory'] ?? '-'),
      incident.alertname,
    ].map((cell) => printable(cell)),
  )
  const widths = header.map((_title, column) => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    cut(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
      width,
    )
  const body = rows.flatMap((row, index) => {
    const incident = incidents[index]
    return incident ? [line(row), ...wrap(printable(incident.summary ?? 'In work.'), width), `${INDENT}Incident ${incident.id}`] : []
  })
  return `${[line(header), ...body].join('\n')}\n`
}

function cut(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, Math.max(1, width - 1))}…`
}

const INDENT = '    '

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else if (word !== '') lines.push(`${INDENT}${word}`)
  }
  return lines
}
