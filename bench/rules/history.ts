/** Owns giving a Prometheus a past: levels of many days and what the rules keep of them, as blocks that promtool makes. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { SIGNALS, groupName, levelAt, rawSeries, type Population } from './population.ts'

export interface HistoryOptions {
  readonly promtool: string
  readonly work: string
  readonly data: string
  readonly groups: number
  readonly days: number
  /** HOST:PORT of the exporter that continues the series. */
  readonly instance: string
  readonly population: Population
  readonly say: (text: string) => void
}

/** One series of a metric that rules record, with its samples. */
export interface RecordedSeries {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly points: ReadonlyArray<readonly [number, number]>
}

/** As Prometheus' own compaction would leave it. */
const BLOCK_SECONDS = 18 * 3600
const RAW_SECONDS = 20 * 60
const RAW_STEP_SECONDS = 5
const DAY_SECONDS = 86_400
const CHUNK_CHARACTERS = 1 << 20

/** Levels once a minute for all days, distances of the robust set for the last of them, and the last minutes of the counters. */
export async function writeHistory(options: HistoryOptions): Promise<void> {
  const start = Math.floor(Date.now() / 60_000) * 60 - options.days * DAY_SECONDS
  for (let from = start; from < Date.now() / 1000;) {
    const to = Math.min((Math.floor(from / BLOCK_SECONDS) + 1) * BLOCK_SECONDS, Math.floor(Date.now() / 1000))
    await writeBlock(options, levelLines(options, from, to))
    options.say(`history: ${Math.round(((to - start) / (options.days * DAY_SECONDS)) * 100)} %`)
    from = Math.max(to, from + 1)
  }
  await writeRaw(options)
}

/** The last minutes of what the exporter publishes. */
export async function writeRaw(options: HistoryOptions): Promise<void> {
  await writeBlock(options, rawLines(options))
}

/** What the rules would have recorded. */
export async function writeRecorded(options: HistoryOptions, series: readonly RecordedSeries[]): Promise<void> {
  if (series.some(({ points }) => points.length > 0)) await writeBlock(options, recordedLines(series))
}

function* levelLines({ groups, instance }: HistoryOptions, from: number, to: number): Generator<string> {
  const first = Math.ceil(from / 60) * 60
  const labels = (group: number, signal: string): string =>
    `{signal="${signal}",group="${groupName(group)}",instance="${instance}",job="procwarden-exporter"}`
  yield '# TYPE procwarden:signal:level unknown\n'
  for (let group = 0; group < groups; group++)
    for (const [index, signal] of SIGNALS.entries())
      for (let at = first; at < to; at += 60)
        yield `procwarden:signal:level${labels(group, signal)} ${levelAt(group, index, at).toPrecision(6)} ${at}\n`
  const day = Math.max(first, Math.floor(Date.now() / 60_000) * 60 - DAY_SECONDS)
  yield '# TYPE bench:robust:distance unknown\n'
  for (let group = 0; group < groups; group++)
    for (const [index, signal] of SIGNALS.entries())
      for (let at = day; at < to; at += 60)
        yield `bench:robust:distance${labels(group, signal)} ${(levelAt(group, index, at) * 0.1).toPrecision(6)} ${at}\n`
}

function* rawLines({ groups, instance, population }: HistoryOptions): Generator<string> {
  const now = Math.floor(Date.now() / 1000)
  for (let at = now - RAW_SECONDS; at <= now; at += RAW_STEP_SECONDS)
    for (const [metric, labels, value] of rawSeries(groups, population, at))
      yield `${metric}{${labels}${labels === '' ? '' : ','}instance="${instance}",job="procwarden-exporter"} ${value} ${at}\n`
}

function* recordedLines(series: readonly RecordedSeries[]): Generator<string> {
  for (const { name, labels, points } of series) {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    for (const [at, value] of points) yield `${name}{${pairs.join(',')}} ${value} ${at}\n`
  }
}

async function writeBlock({ promtool, work, data }: HistoryOptions, lines: Iterable<string>): Promise<void> {
  const file = path.join(work, 'history.om')
  const out = createWriteStream(file)
  let chunk = ''
  for (const line of lines) {
    chunk += line
    if (chunk.length < CHUNK_CHARACTERS) continue
    if (!out.write(chunk)) await once(out, 'drain')
    chunk = ''
  }
  out.end(`${chunk}# EOF\n`)
  await once(out, 'close')
  const args = ['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', `--max-block-duration=${BLOCK_SECONDS / 3600}h`, file, data]
  await promisify(execFile)(promtool, args)
  rmSync(file)
}
