/** Owns the table that `npm run bench:webhook` prints, and the judgement against the targets. Never measures. */
import { quantile } from '../lib/statistics.ts'
import type { Delivery } from './load.ts'

export interface Measurement {
  readonly name: string
  readonly steady: readonly Delivery[]
  readonly steadyPerSecond: number
  readonly large: Delivery
  readonly largeAlerts: number
  /** The highest seen during both, VmHWM. */
  readonly peakResidentBytes: number
}

export interface Verdict {
  readonly target: string
  readonly measured: number
  readonly limit: number
  readonly unit: string
}

const LARGE_MS_MAX = 2_000
const P99_MS_MAX = 50
const RESIDENT_MB_MAX = 150

export function summary(measurement: Measurement) {
  const { name, steady, steadyPerSecond, large, largeAlerts, peakResidentBytes } = measurement
  const times = steady.map(({ milliseconds }) => milliseconds)
  return {
    name,
    steady: {
      perSecond: steadyPerSecond,
      deliveries: steady.length,
      acknowledged: steady.filter(({ status }) => status === 200).length,
      medianMs: quantile(times, 0.5),
      p99Ms: quantile(times, 0.99),
      maxMs: quantile(times, 1),
    },
    large: { alerts: largeAlerts, status: large.status, milliseconds: large.milliseconds },
    peakResidentMb: peakResidentBytes / 1e6,
  }
}

/** Of procwarden; a lower measure is better in each. A delivery that is not acknowledged misses its target. */
export function verdicts(measurements: readonly Measurement[]): Verdict[] {
  const own = measurements.find(({ name }) => name === 'procwarden')
  if (!own) return []
  const { steady, large, peakResidentMb } = summary(own)
  return [
    {
      target: `${large.alerts} alerts in one delivery`,
      measured: large.status === 200 ? large.milliseconds : Infinity,
      limit: LARGE_MS_MAX,
      unit: ' ms',
    },
    {
      target: `99 % of deliveries at ${steady.perSecond}/s`,
      measured: steady.acknowledged === steady.deliveries ? steady.p99Ms : Infinity,
      limit: P99_MS_MAX,
      unit: ' ms',
    },
    { target: 'resident memory, peak', measured: peakResidentMb, limit: RESIDENT_MB_MAX, unit: ' MB' },
  ]
}

export function formatReport(measurements: readonly Measurement[]): string {
  const rows = measurements
    .map(summary)
    .map(({ name, steady, large, peakResidentMb }) => [
      name,
      `${steady.acknowledged}/${steady.deliveries}`,
      figure(steady.medianMs),
      figure(steady.p99Ms),
      figure(steady.maxMs),
      large.status === 200 ? figure(large.milliseconds) : `refused (${large.status})`,
      figure(peakResidentMb),
    ])
  const header = ['', 'acknowledged', 'median ms', 'p99 ms', 'max ms', 'large ms', 'peak MB']
  const judged = verdicts(measurements).map(({ target, measured, limit, unit }) => [
    target,
    Number.isFinite(measured) ? `${figure(measured)}${unit}` : 'not acknowledged',
    `at most ${limit}${unit}`,
    measured <= limit ? 'met' : 'MISSED',
  ])
  return [formatTable([header, ...rows]), formatTable([['targets', 'measured', 'target', ''], ...judged])].join('\n\n')
}

function formatTable(rows: ReadonlyArray<readonly string[]>): string {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
