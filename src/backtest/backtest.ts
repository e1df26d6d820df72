/** Owns a backtest: the same history replayed with the rules as they are and, where asked, with other thresholds. promtool judges. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { OperationalError } from '../lib/errors.ts'
import type { PrometheusClient } from '../prometheus/client.ts'
import type { Rule } from '../rules/rule-files.ts'
import { openHistory } from './history.ts'
import { judgesLevel } from './judged-signals.ts'
import { planReplay, type Plan } from './plan.ts'
import { cropped, curveExprs, levelPlots, type LevelPlot } from './curves.ts'
import { replayWithCurves, type Firing, type ReplayOptions, type ReplaySeries } from './replay.ts'
import { LEVEL } from './series.ts'
import { writeRuleCopy } from './rule-copy.ts'

export interface BacktestOptions {
  readonly client: PrometheusClient
  readonly rules: readonly Rule[]
  /** The rules to compare with. */
  readonly changed: readonly Rule[] | undefined
  /** Unix seconds. */
  readonly from: number
  readonly to: number
  readonly stepSeconds: number
  readonly alerts: readonly string[]
  readonly groups: readonly string[]
  /** At most so many levels on which something fired are kept with their band, for a plot. */
  readonly plotsMax: number
  readonly onProgress: (share: number, what: string) => void
  readonly signal: AbortSignal
}

export interface BacktestResult {
  readonly from: number
  readonly to: number
  readonly stepSeconds: number
  /** Where the history was read from: baselines are learned before they judge. */
  readonly learnedFrom: number
  readonly series: number
  /** Names of the alerts that were replayed. */
  readonly alerts: readonly string[]
  readonly missing: readonly string[]
  readonly shipped: readonly Firing[]
  readonly changed: readonly Firing[] | undefined
  readonly plots: readonly LevelPlot[]
}

const HOUR_SECONDS = 3600
/** What the signal rules are evaluated at: a level has a sample a minute. */
export const SPACING_SECONDS = 60

/** Throws OperationalError (`no_data`, or what the client and the replay throw). */
export async function runBacktest(options: BacktestOptions): Promise<BacktestResult> {
  const isWanted = (alert: Rule): boolean => options.alerts.length === 0 || options.alerts.includes(alert.name)
  const plan = planReplay(options.rules, isWanted)
  // Rules that do something at the full hour do it at the full hour of the replay's clock, too.
  const from = Math.floor((options.from - plan.warmupSeconds) / HOUR_SECONDS) * HOUR_SECONDS
  const range = { from, to: options.to, stepSeconds: SPACING_SECONDS }
  options.onProgress(0, 'looking for series')
  const history = await openHistory(options.client, { ...plan, range, groups: options.groups })
  if (history.series === 0) throw noData(options, history.missing)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'procwarden-backtest-'))
  try {
    const variants = options.changed === undefined ? [options.rules] : [options.rules, options.changed]
    const files = variants.map((_, index) => path.join(folder, `rules-${index}.yml`))
    const firings: Firing[][] = files.map(() => [])
    const plots: LevelPlot[] = []
    const pieces = history.batches.length * (files.length + 1)
    let done = 0
    const advance = (share: number, what: string): void => options.onProgress((done + share) / pieces, what)
    for (const batch of history.batches) {
      advance(0, `fetching ${batch.values[0] ?? 'series'}${batch.values.length > 1 ? ` and ${batch.values.length - 1} more` : ''}`)
      const series = (await history.fetch(batch)).filter(({ samples }) => samples.length > 0)
      done += 1
      for (const [index, file] of files.entries()) {
        writeRuleCopy(file, planFor(series, variants[index] ?? [], isWanted).rules)
        const onProgress = (part: number, total: number): void => advance(part / total, index === 0 ? 'replaying' : 'replaying the change')
        firings[index]?.push(...(await replayBatch(series, file, { ...options, range, onProgress })))
        done += 1
      }
      const fired = within(firings.flat(), options)
      plots.push(...(await plotsOf(series, fired, { file: files[0] ?? '', rules: plan.rules, known: plots, range, options })))
    }
    const [shipped = [], changed] = firings.map((each) => within(each, options))
    return {
      from: options.from,
      to: options.to,
      stepSeconds: options.stepSeconds,
      learnedFrom: range.from,
      series: history.series,
      alerts: [...new Set(plan.rules.filter(({ kind }) => kind === 'alert').map(({ name }) => name))],
      missing: history.missing,
      shipped,
      changed,
      plots: plots.map((plot) => cropped(plot, options.from)),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Rules cost most of a replay's time: alerts that can have nothing to say about these series are left out. */
function planFor(series: readonly ReplaySeries[], rules: readonly Rule[], isWanted: (alert: Rule) => boolean): Plan {
  const names = new Set(series.map(({ name }) => name))
  const signals = new Set(series.flatMap(({ name, labels }) => (name === LEVEL ? (labels['signal'] ?? []) : [])))
  const concerns = (alert: Rule): boolean => {
    const own = planReplay(rules, (each) => each === alert)
    // What fires for want of a series must not be left out for want of it.
    if (own.rules.some(({ expr }) => /\babsent/.test(expr))) return true
    return own.external.some(({ metric }) => names.has(metric)) || [...signals].some((signal) => judgesLevel(alert, rules, signal))
  }
  return planReplay(rules, (alert) => isWanted(alert) && concerns(alert))
}

interface BatchReplay {
  readonly range: { readonly from: number; readonly to: number }
  readonly stepSeconds: number
  readonly onProgress: (done: number, total: number) => void
  readonly signal: AbortSignal
}

async function replayBatch(series: readonly ReplaySeries[], file: string, options: BatchReplay): Promise<readonly Firing[]> {
  options.signal.throwIfAborted()
  return series.length === 0 ? [] : (await replayWithCurves(replayOptions(series, file, options))).firings
}

/** Begins with the first sample there is: before it nothing can be learned. */
function replayOptions(series: readonly ReplaySeries[], file: string, options: Omit<BatchReplay, 'onProgress'>): ReplayOptions {
  const first = series.reduce((least, { samples }) => Math.min(least, samples[0]?.[0] ?? Infinity), Infinity)
  return {
    ...options,
    series,
    ruleFiles: [file],
    from: Math.max(options.range.from, Math.floor(first / HOUR_SECONDS) * HOUR_SECONDS),
    to: options.range.to,
    spacingSeconds: SPACING_SECONDS,
  }
}

interface PlotRequest {
  readonly file: string
  readonly rules: readonly Rule[]
  readonly known: readonly LevelPlot[]
  readonly range: BatchReplay['range']
  readonly options: BacktestOptions
}

/** The levels of this batch on which something fired, replayed once more with their band. */
async function plotsOf(series: readonly ReplaySeries[], fired: readonly Firing[], request: PlotRequest): Promise<LevelPlot[]> {
  const { options, known, range } = request
  const levels = series
    .filter(({ name, labels }) => name === LEVEL && fired.some((firing) => isAbout(firing, labels)))
    .slice(0, Math.max(0, options.plotsMax - known.length))
  if (levels.length === 0) return []
  const { stepSeconds, signal } = options
  const { curves } = await replayWithCurves({
    ...replayOptions(levels, request.file, { range, stepSeconds, signal }),
    curves: curveExprs(request.rules),
  })
  return levelPlots(curves)
}

function isAbout(firing: Firing, labels: Readonly<Record<string, string>>): boolean {
  return (
    firing.labels['signal'] !== undefined &&
    ['signal', 'group', 'probe', 'device', 'instance'].every((label) => firing.labels[label] === labels[label])
  )
}

/** Those of the wanted time, each once: what is about an instance alone is in every batch. */
function within(firings: readonly Firing[], { from, to }: { readonly from: number; readonly to: number }): Firing[] {
  const unique = new Map(firings.map((firing) => [JSON.stringify([identity(firing), firing.startsAt]), firing]))
  return [...unique.values()]
    .filter((firing) => firing.startsAt <= to && (firing.endsAt ?? Infinity) > from)
    .toSorted((a, b) => a.startsAt - b.startsAt || (a.alertname < b.alertname ? -1 : 1))
}

/** Who fired, in a form that can be compared. */
export function identity({ alertname, labels }: Pick<Firing, 'alertname' | 'labels'>): string {
  return JSON.stringify([alertname, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))])
}

function noData({ client, from, to, groups }: BacktestOptions, missing: readonly string[]): OperationalError {
  const names = missing.length > 5 ? `${missing.slice(0, 5).join(', ')} and ${missing.length - 5} more` : missing.join(', ')
  const whom = groups.length === 0 ? '' : ` of ${groups.join(', ')}`
  return new OperationalError(
    `${client.address} has no data${whom} between ${new Date(from * 1000).toISOString()} and ${new Date(to * 1000).toISOString()}: it knows no ${names || 'series'}; does it scrape the exporter?`,
    { reason: 'no_data' },
  )
}
