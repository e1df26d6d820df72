/**
 * Owns fetching from a Prometheus what a replay is fed, in pieces that fit into memory and into its limits: first which
 * series there are, then their samples, some subjects (programs, probes, folders) at a time. Never replays.
 */
import { UsageError } from '../lib/errors.ts'
import { POINTS_MAX, type MatrixSeries, type Point, type PrometheusClient } from '../prometheus/client.ts'
import type { Rule } from '../rules/rule-files.ts'
import { selectorsOf, withMatcher, type Selector } from '../rules/selectors.ts'
import { LEVEL, type ReplaySeries } from './series.ts'

export interface Range {
  /** Unix seconds. */
  readonly from: number
  readonly to: number
  readonly stepSeconds: number
}

/** What is fetched and replayed together. */
export interface Batch {
  readonly label: string
  readonly values: readonly string[]
  /** Matchers that select its series, such as `group=~"a|b"`. */
  readonly matchers: string
}

export interface History {
  readonly batches: readonly Batch[]
  readonly series: number
  /** Metrics that were asked for and have no series. */
  readonly missing: readonly string[]
  /** Unix seconds of the first moment that is worth fetching. */
  readonly from: number
  fetch(batch: Batch): Promise<ReplaySeries[]>
}

export interface HistoryOptions {
  readonly levels: readonly Rule[]
  readonly external: readonly Selector[]
  readonly range: Range
  /** Only these programs, when there are any. */
  readonly groups: readonly string[]
}

type Labels = Readonly<Record<string, string>>

/** What a series is about: the first of these that it carries. Without any it is about the instance, and every batch has it. */
const SUBJECTS = ['group', 'probe', 'service', 'directory', 'mountpoint', 'device']
/** Samples in memory at a time. */
const POINTS_PER_BATCH_MAX = 1_500_000
const SERIES_MAX = 200_000
/** The series of a process live only a part of the time. */
const PROCESS_SHARE = 0.1

export async function openHistory(client: PrometheusClient, options: HistoryOptions): Promise<History> {
  const { range, levels, external } = options
  const raw = [...new Set(levels.flatMap((rule) => selectorsOf(rule.expr).map(({ metric }) => metric)))]
  const names = [...new Set(external.map(({ metric }) => metric))]
  const found = names.length === 0 ? [] : await listSeries(client, names, range)
  const recorded = levels.length === 0 ? [] : await listSeries(client, [LEVEL], range)
  const rawFound = raw.length === 0 ? [] : await listSeries(client, raw, range)
  const all = [...found, ...recorded, ...rawFound].filter((labels) => isWanted(labels, options.groups))
  if (all.length > SERIES_MAX)
    throw new UsageError(`${all.length} series are too many: choose programs with --group, or alerts with --alert`)
  const shared = await matrix(
    client,
    selector(
      names,
      SUBJECTS.map((label) => `${label}=""`),
    ),
    names.length === 0 ? undefined : range,
  )
  const existing = new Set([...found, ...rawFound].map(nameOf))
  return {
    series: all.length,
    missing: [...names, ...(recorded.length > 0 ? [] : raw)].filter((name) => !existing.has(name)),
    from: range.from,
    batches: batchesOf(all, range),
    fetch: async (batch) => {
      const own = await matrix(client, selector(names, [batch.matchers]), names.length === 0 ? undefined : range)
      const wanted = own.filter(({ labels }) => external.some((each) => fits(labels, each)))
      const level = await Promise.all(
        levels.map((rule) => levelSeries(client, { rule, batch, range, isRecorded: recorded.some((labels) => sameSignal(labels, rule)) })),
      )
      return [...shared, ...wanted].map(toReplay).concat(level.flat().map(toReplay))
    },
  }
}

async function listSeries(client: PrometheusClient, names: readonly string[], range: Range): Promise<Labels[]> {
  return client.series(`{__name__=~${quoted(names)}}`, range)
}

function isWanted(labels: Labels, groups: readonly string[]): boolean {
  return groups.length === 0 || labels['group'] === undefined || groups.includes(labels['group'])
}

function batchesOf(all: readonly Labels[], range: Range): Batch[] {
  const points = (range.to - range.from) / range.stepSeconds + 1
  const costs = new Map<string, Map<string, number>>()
  for (const labels of all) {
    const label = SUBJECTS.find((each) => (labels[each] ?? '') !== '')
    if (label === undefined) continue
    const values = costs.get(label) ?? new Map<string, number>()
    const value = labels[label] ?? ''
    values.set(value, (values.get(value) ?? 0) + points * (labels['pid'] === undefined ? 1 : PROCESS_SHARE))
    costs.set(label, values)
  }
  const batches = [...costs].flatMap(([label, values]) => packed(values).map((each) => batchOf(label, each)))
  // What is known of the instance alone still deserves to be judged.
  return batches.length > 0 ? batches : [{ label: '', values: [], matchers: 'group="",__name__=""' }]
}

function packed(costs: ReadonlyMap<string, number>): string[][] {
  const packs: string[][] = []
  let room = 0
  for (const [value, cost] of [...costs].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const last = packs.at(-1)
    if (last !== undefined && cost <= room) last.push(value)
    else {
      packs.push([value])
      room = POINTS_PER_BATCH_MAX
    }
    room -= cost
  }
  return packs
}

function batchOf(label: string, values: readonly string[]): Batch {
  const earlier = SUBJECTS.slice(0, SUBJECTS.indexOf(label)).map((each) => `${each}=""`)
  return { label, values, matchers: [...earlier, `${label}=~${quoted(values)}`].join(',') }
}

/** Recorded levels where there are any; the time before them by the expression that would have recorded them. */
async function levelSeries(
  client: PrometheusClient,
  { rule, batch, range, isRecorded }: { readonly rule: Rule; readonly batch: Batch; readonly range: Range; readonly isRecorded: boolean },
): Promise<MatrixSeries[]> {
  const signal = rule.labels['signal']
  const own = signal === undefined ? [batch.matchers] : [batch.matchers, `signal=${JSON.stringify(signal)}`]
  const recorded = isRecorded ? await matrix(client, selector([LEVEL], own), range) : []
  const first = Math.min(...recorded.map(({ points }) => points[0]?.[0] ?? Infinity), range.to + range.stepSeconds)
  const before = { ...range, to: first - range.stepSeconds }
  const computed = before.to < range.from ? [] : await matrix(client, withMatcher(rule.expr, batch.matchers), before)
  const labelled = computed.map(({ labels, points }) => ({ labels: { ...labels, ...rule.labels, __name__: LEVEL }, points }))
  return merged([...labelled, ...recorded])
}

/** In pieces that Prometheus answers. */
async function matrix(client: PrometheusClient, promql: string, range: Range | undefined): Promise<MatrixSeries[]> {
  if (range === undefined) return []
  const pieces: MatrixSeries[] = []
  const span = (POINTS_MAX - 1) * range.stepSeconds
  for (let from = range.from; from <= range.to; from += span + range.stepSeconds)
    pieces.push(...(await client.queryRange(promql, { from, to: Math.min(range.to, from + span), stepSeconds: range.stepSeconds })))
  return merged(pieces)
}

/** Pieces of one series become one, in the order given. */
function merged(pieces: readonly MatrixSeries[]): MatrixSeries[] {
  const series = new Map<string, { readonly labels: Labels; readonly points: Point[] }>()
  for (const { labels, points } of pieces) {
    const key = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    const known = series.get(key)
    if (known === undefined) series.set(key, { labels, points: [...points] })
    else for (const point of points) known.points.push(point)
  }
  return [...series.values()]
}

function toReplay({ labels: all, points }: MatrixSeries): ReplaySeries {
  const { __name__: name = LEVEL, ...labels } = all
  return { name, labels, samples: points }
}

function selector(names: readonly string[], matchers: readonly string[]): string {
  return `{__name__=~${quoted(names)},${matchers.join(',')}}`
}

/** A regular expression of RE2 that fits exactly these values, as a PromQL string. */
function quoted(values: readonly string[]): string {
  return JSON.stringify(values.map((value) => value.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join('|'))
}

function nameOf(labels: Labels): string {
  return labels['__name__'] ?? ''
}

function sameSignal(labels: Labels, rule: Rule): boolean {
  return rule.labels['signal'] === undefined || rule.labels['signal'] === labels['signal']
}

function fits(labels: Labels, { metric, matchers }: Selector): boolean {
  return (
    nameOf(labels) === metric &&
    matchers.every(({ label, op, value }) => op === '!=' || op === '!~' || op === '=~' || (labels[label] ?? '') === value)
  )
}
