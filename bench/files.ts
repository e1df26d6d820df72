/**
 * Owns `npm run bench:files`: what it costs to count created files, against other watchers, in one run. Leaves nothing behind.
 * Flags: --files 100000  --pairs 2000  --rounds 5  --json  --only NAME (part of a contender's name; repeatable)
 * --directory DIR (create files below it, not in a file system of their own)  --as-built (measure dist/ as it is)
 */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Children } from './lib/children.ts'
import { buildExporter } from './lib/exporter.ts'
import { machine as machineLine, say, wholeNumber } from './lib/command.ts'
import { CHOKIDAR, exporter, inotifywait, watcher, type Contender } from './files/contenders.ts'
import { openGrounds, type Grounds } from './files/file-system.ts'
import { measure, type Measurement } from './files/measure.ts'
import { findInotifywait, findParcel } from './files/peers.ts'
import { formatReport, summaries, verdicts } from './files/report.ts'

const { values: flags } = parseArgs({
  options: {
    files: { type: 'string', default: '100000' },
    pairs: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', multiple: true, default: [] },
    directory: { type: 'string' },
    json: { type: 'boolean', default: false },
    'as-built': { type: 'boolean', default: false },
  },
})
const files = wholeNumber('--files', flags.files, 2_000_000)
const pairs = wholeNumber('--pairs', flags.pairs, 1_000_000)
const rounds = wholeNumber('--rounds', flags.rounds, 100)
const stop = new AbortController()
const work = mkdtempSync(path.join(os.tmpdir(), 'procwarden-bench-'))
let children: Children | undefined
let grounds: Grounds | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void end(130))

try {
  const measurement = await run()
  const machine = describeMachine()
  const output = flags.json
    ? JSON.stringify({ machine, ...measurement, summaries: summaries(measurement), verdicts: verdicts(measurement) }, undefined, 2)
    : `${machine}\n\n${formatReport(measurement)}`
  process.stdout.write(`${output}\n`)
  await end(0)
} catch (error) {
  if (!stop.signal.aborted) say(error instanceof Error ? error.message : String(error))
  await end(1)
}

async function run(): Promise<Measurement> {
  const contenders = await findContenders()
  if (!flags['as-built'] && contenders.some(({ name }) => name.startsWith('procwarden'))) {
    say('compiling the exporter')
    buildExporter()
  }
  grounds = openGrounds(work, flags.directory === undefined ? undefined : path.resolve(flags.directory), files + pairs, say)
  return measure({ files, pairs, rounds, grounds, contenders, say, children: (created) => (children = created) })
}

/** Those that can be had, in the order of the table. */
async function findContenders(): Promise<Contender[]> {
  const wanted = (name: string): boolean => flags.only.length === 0 || flags.only.some((part) => name.includes(part))
  const parcel = wanted('@parcel/watcher') ? await findParcel(say, stop.signal) : undefined
  const inotify = wanted('inotifywait') ? await findInotifywait(say, stop.signal) : undefined
  const own = [exporter('fanotify'), exporter('chokidar'), watcher(CHOKIDAR, 'chokidar')].filter(({ name }) => wanted(name))
  return [...own, ...(parcel === undefined ? [] : [watcher('@parcel/watcher', parcel)]), ...(inotify ? [inotifywait(inotify)] : [])]
}

function describeMachine(): string {
  return `${machineLine()}; files ${grounds?.kind ?? ''}`
}

async function end(code: number): Promise<never> {
  stop.abort()
  await children?.close()
  grounds?.drop()
  rmSync(work, { recursive: true, force: true })
  process.exit(code)
}
