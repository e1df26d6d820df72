/**
 * Owns replaying rules over given series: which alerts would have fired, when and for whom. promtool evaluates everything
 * (`for`, `keep_firing_for`, rules that use rules); nothing of PromQL is done anew here.
 */
import os from 'node:os'
import { OperationalError } from '../lib/errors.ts'
import { findTool } from '../stack/tools.mjs'
import type { Answer } from './promtool-answer.ts'
import { runPromtool, type TestFile } from './promtool-run.ts'
import { gridValues, selectorOf, type ReplaySeries, type Sample } from './series.ts'

export type { ReplaySeries, Sample } from './series.ts'

export interface Firing {
  readonly alertname: string
  /** All but `alertname`. */
  readonly labels: Readonly<Record<string, string>>
  /** Unix seconds of the evaluation that first saw it fire. */
  readonly startsAt: number
  /** Unix seconds of the evaluation that no longer saw it; undefined when it still fired at the end. */
  readonly endsAt: number | undefined
}

export interface ReplayOptions {
  readonly series: readonly ReplaySeries[]
  /** Paths. Recording rules whose metrics are not among the series record nothing. */
  readonly ruleFiles: readonly string[]
  /** Unix seconds; the clock of the rules begins at 0 here, so `hour()` and `time()` are not those of the real day. */
  readonly from: number
  readonly to: number
  /** How often the rules are evaluated; at most 300, else series go stale in between. */
  readonly stepSeconds: number
  /** How densely samples are fed, each holding its value until the next: 60 unless told. */
  readonly spacingSeconds?: number
  /** How long a sample stands for its value, 300 unless told: what Prometheus calls its lookback. */
  readonly holdSeconds?: number
  /** Expressions whose answers are wanted beside the firings, at every step. */
  readonly curves?: readonly string[]
  /** Told after each part of the work: `done` of `total`. */
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
  /** The program; looked for when left out. */
  readonly promtool?: string
}

export interface Curve {
  readonly expr: string
  /** With `__name__` where the answer has one. */
  readonly labels: Readonly<Record<string, string>>
  readonly points: readonly Sample[]
}

export interface Replay {
  /** In order of time. */
  readonly firings: readonly Firing[]
  readonly curves: readonly Curve[]
}

/** Prometheus takes a series without a sample for this long as ended. */
const LOOKBACK_SECONDS = 300
/** Keeps one promtool below about half a gigabyte. */
const POINTS_PER_BATCH_MAX = 1_500_000
/** What makes two series concern the same thing: rules join on nothing else. */
const SUBJECT = ['instance', 'group', 'probe', 'service', 'directory', 'device', 'mountpoint']

/** The alerts that would have fired, in order of time. Throws an OperationalError when promtool is missing or a rule fails. */
export async function replay(options: ReplayOptions): Promise<Firing[]> {
  return [...(await replayWithCurves(options)).firings]
}

/** As `replay`, with the answers to `curves`. */
export async function replayWithCurves(options: ReplayOptions): Promise<Replay> {
  const promtool = options.promtool ?? findTool('promtool')
  if (promtool === undefined)
    throw new OperationalError('promtool was not found: install Prometheus (Debian: apt install prometheus), or run npm start once', {
      reason: 'tool-missing',
    })
  if (!(options.stepSeconds > 0 && options.stepSeconds <= LOOKBACK_SECONDS))
    throw new RangeError(`stepSeconds is ${options.stepSeconds}, not within 0 to ${LOOKBACK_SECONDS}`)
  const work = batches(options).map((series) => testFile(options, series))
  let done = 0
  const parts = await mapLimited(work, os.availableParallelism(), async (file) => {
    const part = read(await runPromtool(promtool, file, options.signal), options)
    options.onProgress?.((done += 1), work.length)
    return part
  })
  // What concerns no single subject fires in every batch.
  const firings = new Map(
    parts.flatMap((part) => part.firings.map((one) => [keyOf(one.alertname, one.labels, one.startsAt), one] as const)),
  )
  return {
    firings: [...firings.values()].toSorted((a, b) => a.startsAt - b.startsAt),
    curves: parts.flatMap((part) => part.curves),
  }
}

/** The alerts that began (1) or ended (0) between two evaluations: far less to print than all that fire. */
function transitions(stepSeconds: number): string {
  const now = 'ALERTS{alertstate="firing"}'
  const before = `${now} offset ${stepSeconds}s`
  return `(${now} unless ${before}) or (0 * (${before} unless ${now}))`
}

function testFile(options: ReplayOptions, series: readonly ReplaySeries[]): TestFile {
  const { from, stepSeconds, ruleFiles, spacingSeconds = 60, holdSeconds = LOOKBACK_SECONDS } = options
  const steps = Math.floor((options.to - from) / stepSeconds)
  const exprs = [transitions(stepSeconds), ...(options.curves ?? [])]
  return {
    ruleFiles,
    evaluationSeconds: stepSeconds,
    spacingSeconds,
    inputs: series.map((one) => ({
      series: selectorOf(one),
      values: gridValues(one, { from, to: options.to, spacing: spacingSeconds, hold: holdSeconds }),
    })),
    queries: Array.from({ length: steps + 1 }, (_, step) => step * stepSeconds).flatMap((atSeconds) =>
      exprs.map((expr) => ({ expr, atSeconds })),
    ),
  }
}

/** Series of one subject stay together; those without a subject, such as thresholds, are in every batch. */
function batches({ series, from, to, spacingSeconds = 60 }: ReplayOptions): ReplaySeries[][] {
  const bySubject = Map.groupBy(series, ({ labels }) => SUBJECT.map((label) => labels[label] ?? '').join('\0'))
  const isShared = ({ labels }: ReplaySeries): boolean => SUBJECT.every((label) => label === 'instance' || !(label in labels))
  const shared = series.filter(isShared)
  const perBatch = Math.max(1, Math.floor(POINTS_PER_BATCH_MAX / ((to - from) / spacingSeconds + 1)))
  const found: ReplaySeries[][] = []
  for (const own of bySubject.values()) {
    if (own.every(isShared)) continue
    const last = found.at(-1)
    if (last !== undefined && last.length + own.length <= perBatch) last.push(...own)
    else found.push([...own])
  }
  return found.length === 0 ? [shared] : found.map((own) => [...shared, ...own])
}

function read(answers: readonly Answer[], { from, stepSeconds, curves = [] }: ReplayOptions): Replay {
  const wanted = transitions(stepSeconds)
  const open = new Map<string, Firing>()
  const closed: Firing[] = []
  const drawn = new Map<string, { expr: string; labels: Readonly<Record<string, string>>; points: Sample[] }>()
  for (const { expr, atSeconds, samples } of answers) {
    const at = from + atSeconds
    for (const { labels, value } of samples) {
      if (expr === wanted) {
        const { __name__: _name, alertstate: _state, alertname = '', ...rest } = labels
        const key = keyOf(alertname, rest)
        const begun = open.get(key)
        if (value === 1) open.set(key, { alertname, labels: rest, startsAt: at, endsAt: undefined })
        else if (begun !== undefined) closed.push({ ...begun, endsAt: at })
        if (value !== 1) open.delete(key)
      } else if (curves.includes(expr)) {
        const key = JSON.stringify([expr, labels])
        const curve = drawn.get(key) ?? { expr, labels, points: [] }
        curve.points.push([at, value])
        drawn.set(key, curve)
      }
    }
  }
  return { firings: [...closed, ...open.values()], curves: [...drawn.values()] }
}

/** promtool prints labels in the order of their names. */
function keyOf(alertname: string, labels: Readonly<Record<string, string>>, startsAt = 0): string {
  return JSON.stringify([alertname, labels, startsAt])
}

async function mapLimited<In, Out>(items: readonly In[], limit: number, work: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index]
      if (item !== undefined) results[index] = await work(item)
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane))
  return results
}
