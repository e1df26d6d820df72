/** Owns replaying one series of somebody's own as the level of a signal, and judging the firings against labelled windows. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { UsageError } from '../lib/errors.ts'
import type { Rule } from '../rules/rule-files.ts'
import { SPACING_SECONDS } from './backtest.ts'
import { usualSpacing } from './csv.ts'
import { curveExprs } from './curves.ts'
import { judgesLevel } from './judged-signals.ts'
import { planReplay } from './plan.ts'
import { replayWithCurves, type Curve, type Firing, type Sample } from './replay.ts'
import { writeRuleCopy } from './rule-copy.ts'
import { scoreFirings, type Score, type Span } from './score.ts'
import { LEVEL } from './series.ts'

export interface CsvBacktestOptions {
  readonly samples: readonly Sample[]
  readonly signal: string
  /** The name of the program that the series stands for. */
  readonly group: string
  readonly rules: readonly Rule[]
  readonly changed: readonly Rule[] | undefined
  readonly windows: readonly Span[] | undefined
  readonly stepSeconds: number
  readonly alerts: readonly string[]
  readonly withCurves: boolean
  readonly onProgress: (share: number, what: string) => void
  readonly signalToStop: AbortSignal
}

export interface CsvVariant {
  readonly firings: readonly Firing[]
  readonly curves: readonly Curve[]
  /** Of all alerts together; undefined without windows. */
  readonly score: Score | undefined
  readonly scoreByAlert: Readonly<Record<string, Score>>
}

export interface CsvBacktestResult {
  readonly from: number
  readonly to: number
  readonly alerts: readonly string[]
  readonly shipped: CsvVariant
  readonly changed: CsvVariant | undefined
}

/** A level is held for twice the usual distance of its samples, so that one missing sample is no end. */
const HOLD_SECONDS_MIN = 300
const HOUR_SECONDS = 3600
const DAY_SECONDS = 86_400

export async function runCsvBacktest(options: CsvBacktestOptions): Promise<CsvBacktestResult> {
  const from = Math.floor((options.samples[0]?.[0] ?? 0) / HOUR_SECONDS) * HOUR_SECONDS
  const to = options.samples.at(-1)?.[0] ?? 0
  const variants = options.changed === undefined ? [options.rules] : [options.rules, options.changed]
  const folder = mkdtempSync(path.join(os.tmpdir(), 'procwarden-backtest-'))
  try {
    const done: CsvVariant[] = []
    for (const [index, rules] of variants.entries()) {
      options.onProgress(index / variants.length, index === 0 ? 'replaying' : 'replaying the change')
      done.push(await replayVariant(options, rules, path.join(folder, `rules-${index}.yml`), { from, to }))
    }
    const [shipped, changed] = done
    if (shipped === undefined) throw new Error('nothing was replayed')
    return { from, to, alerts: [...new Set(fittingAlerts(options.rules, options).map(({ name }) => name))], shipped, changed }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function replayVariant(options: CsvBacktestOptions, rules: readonly Rule[], file: string, { from, to }: Span): Promise<CsvVariant> {
  const alerts = fittingAlerts(rules, options)
  const plan = planReplay(rules, (alert) => alerts.includes(alert))
  writeRuleCopy(file, plan.rules)
  const { firings, curves } = await replayWithCurves({
    series: [
      {
        name: LEVEL,
        labels: { signal: options.signal, group: options.group, instance: 'csv', job: 'backtest' },
        samples: options.samples,
      },
    ],
    ruleFiles: [file],
    from,
    to,
    stepSeconds: options.stepSeconds,
    spacingSeconds: SPACING_SECONDS,
    holdSeconds: Math.max(HOLD_SECONDS_MIN, 2 * usualSpacing(options.samples)),
    ...(options.withCurves ? { curves: curveExprs(plan.rules) } : {}),
    signal: options.signalToStop,
  })
  const days = (to - from) / DAY_SECONDS
  const spanOf = (firing: Firing): Span => ({ from: firing.startsAt, to: firing.endsAt ?? to })
  const scored = (own: readonly Firing[]): Score => scoreFirings(own.map(spanOf), options.windows ?? [], days)
  return {
    firings,
    curves,
    score: options.windows === undefined ? undefined : scored(firings),
    scoreByAlert:
      options.windows === undefined
        ? {}
        : Object.fromEntries(alerts.map(({ name }) => [name, scored(firings.filter(({ alertname }) => alertname === name))])),
  }
}

/** Alerts on anomalies that judge levels of this signal and need nothing that the file does not hold. */
function fittingAlerts(rules: readonly Rule[], { signal, alerts }: CsvBacktestOptions): Rule[] {
  const judging = rules.filter(
    (rule) =>
      rule.kind === 'alert' &&
      rule.labels['kind'] !== 'limit' &&
      judgesLevel(rule, rules, signal) &&
      planReplay(rules, (alert) => alert === rule).external.length === 0,
  )
  const wanted = judging.filter(({ name }) => alerts.length === 0 || alerts.includes(name))
  if (wanted.length > 0) return wanted
  const signals = [...new Set(rules.flatMap((rule) => (rule.name === LEVEL ? (rule.labels['signal'] ?? []) : [])))]
  throw new UsageError(`no alert judges a level of the signal "${signal}"; the rules record ${signals.join(', ')}`)
}
