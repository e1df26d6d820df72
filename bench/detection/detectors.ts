/** Owns which detectors bench:detection compares, and replaying each over all series. Judges none of them. */
import { globSync } from 'node:fs'
import path from 'node:path'
import { replay, type Firing } from '../../src/backtest/replay.ts'
import type { LabelledSeries } from './dataset.ts'
import { cutIntoPieces, ownFirings, type Piece } from './pieces.ts'

export interface Detector {
  readonly name: string
  /** Shipped with procwarden, or only here to compare. */
  readonly shipped: boolean
  readonly firings: ReadonlyMap<LabelledSeries, readonly Firing[]>
}

export interface DetectorOptions {
  readonly all: readonly LabelledSeries[]
  readonly stepSeconds: number
  readonly say: (text: string) => void
}

const ROOT = path.resolve(import.meta.dirname, '../..')
const SHIPPED = ['thresholds', 'baselines', 'anomalies'].map((name) => path.join(ROOT, `prometheus/rules/${name}.yml`))
const LENGTH_SECONDS = 17 * 86_400
/** Any moment that is a full hour. */
const START = 1_600_000_000 - (1_600_000_000 % 3600)

const ALERTS: ReadonlyArray<readonly [name: string, signal: string, alerts: readonly string[]]> = [
  ['all anomaly rules', 'value', ['SignalOutOfRange', 'SignalAboveBaseline']],
  ['  band of seven days', 'value', ['SignalOutOfRange']],
  ['  5 x baseline, gated', 'cpu', ['CpuAboveBaseline']],
  ['  3 x baseline, gated', 'memory', ['MemoryAboveBaseline']],
  ['  10 x baseline, gated', 'writes', ['WritesAboveBaseline']],
]
const COMPARISONS: ReadonlyArray<readonly [name: string, alert: string]> = [
  ['static 80 % (CPU series)', 'Static80'],
  ['24 h mean x 5', 'Mean24hTimes5'],
  ['last 50 samples, 3 sigma', 'Last50Sigma3'],
  ['lagged 7 days, 5 sigma', 'Lagged7dSigma5'],
  ['adaptive (after Grafana)', 'GrafanaAdaptive'],
  ['robust (after Grafana)', 'GrafanaRobust'],
]

export async function runDetectors({ all, stepSeconds, say }: DetectorOptions): Promise<Detector[]> {
  const pieces = cutIntoPieces(all, START, LENGTH_SECONDS)
  say(`${all.length} series, ${all.reduce((days, series) => days + series.days, 0).toFixed(0)} days; shipped rules`)
  const signals = [...new Set(ALERTS.map(([, signal]) => signal))]
  const shipped = await run(pieces, signals, [...SHIPPED, path.join(import.meta.dirname, 'units.rules.yml')], stepSeconds, 60)
  say('comparisons')
  const others = await run(pieces, ['value'], globSync(path.join(import.meta.dirname, 'comparisons.yml')), 300, 300)
  const detector = (name: string, isShipped: boolean, firings: readonly Firing[]): Detector => ({
    name,
    shipped: isShipped,
    firings: new Map(all.map((series) => [series, ownFirings(pieces, series, firings)])),
  })
  return [
    ...ALERTS.map(([name, signal, alerts]) =>
      detector(
        name,
        true,
        shipped.filter((firing) => alerts.includes(firing.alertname) && firing.labels['signal'] === signal),
      ),
    ),
    ...COMPARISONS.map(([name, alert]) =>
      detector(
        name,
        false,
        others.filter((firing) => firing.alertname === alert),
      ),
    ),
  ]
}

async function run(
  pieces: readonly Piece[],
  signals: readonly string[],
  ruleFiles: readonly string[],
  stepSeconds: number,
  spacingSeconds: number,
): Promise<Firing[]> {
  const series = pieces.flatMap((piece) =>
    signals.map((signal) => ({
      signal,
      labels: { group: piece.id, instance: 'nab', ...(piece.series.name.includes('cpu_utilization') ? { unit: 'percent' } : {}) },
      samples: piece.samples,
    })),
  )
  return replay({ series, ruleFiles, from: START, to: START + LENGTH_SECONDS, stepSeconds, spacingSeconds })
}
