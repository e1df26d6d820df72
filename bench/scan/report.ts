/** Owns the table that `npm run bench:scan` prints, and the judgement against the targets. Never measures. */
import type { Measurement, Result } from './measure.ts'

export interface Verdict {
  readonly target: string
  /** Undefined where the run did not measure what it takes. */
  readonly measured: number | undefined
  readonly limit: number
  readonly unit: string
}

const MIB = 1024 * 1024
const AGAINST = ['process-exporter', 'apps.plugin', 'C reader, open/read/close', 'C reader, descriptors kept'] as const

/** The targets at 2,000 processes; a lower measure is better in each. */
export function verdicts(measurements: readonly Measurement[]): Verdict[] {
  const at = (processes: number): Measurement | undefined => measurements.find((measurement) => measurement.processes === processes)
  const own = resultOf(at(2000), 'procwarden')
  const against = (name: string): number | undefined => ratio(own?.cpuMs, resultOf(at(2000), name)?.cpuMs)
  const small = resultOf(at(200), 'procwarden')
  return [
    { target: 'CPU against process-exporter', measured: against(AGAINST[0]), limit: 1 / 15, unit: 'x' },
    { target: 'CPU against apps.plugin, per iteration', measured: against(AGAINST[1]), limit: 1 / 2, unit: 'x' },
    { target: 'CPU against the C reader that opens, reads and closes', measured: against(AGAINST[2]), limit: 2.5, unit: 'x' },
    { target: 'CPU against the C reader that keeps descriptors', measured: against(AGAINST[3]), limit: 2.5, unit: 'x' },
    { target: 'anonymous memory', measured: own && own.anonymousBytes / 1e6, limit: 45, unit: ' MB' },
    {
      target: 'CPU at 10,000 against 2,000 processes',
      measured: ratio(resultOf(at(10_000), 'procwarden')?.cpuMs, own?.cpuMs),
      limit: 5.5,
      unit: 'x',
    },
    // Straight between the measured sizes; scraped every 5 s.
    {
      target: 'share of a core at 300 processes, scraped every 5 s',
      measured: small && own && ((small.cpuMs + ((own.cpuMs - small.cpuMs) * 100) / 1800) / 5000) * 100,
      limit: 1,
      unit: ' %',
    },
  ]
}

/** One table for each number of processes, then the verdicts. */
export function formatReport(measurements: readonly Measurement[]): string {
  const tables = measurements.map((measurement) => `${measurement.processes} processes\n${formatTable(rowsOf(measurement))}`)
  const judged = verdicts(measurements).map(({ target, measured, limit, unit }) => [
    target,
    measured === undefined ? 'not measured' : `${figure(measured)}${unit}`,
    `at most ${figure(limit)}${unit}`,
    measured === undefined ? '' : measured <= limit ? 'met' : 'MISSED',
  ])
  return [...tables, `targets at 2,000 processes\n${formatTable([['', 'measured', 'target', ''], ...judged])}`].join('\n\n')
}

function rowsOf({ results }: Measurement): string[][] {
  const own = results.find((result) => result.name === 'procwarden')
  const header = ['', 'CPU/scrape ms', 'ratio', 'median ms', 'p99 ms', 'resident MiB', 'ratio', 'anonymous MiB', 'ratio']
  const rows = results.map((result) => [
    result.name,
    figure(result.cpuMs),
    times(result.cpuMs, own?.cpuMs),
    figure(result.latencyMedianMs),
    figure(result.latencyP99Ms),
    figure(result.residentBytes / MIB),
    times(result.residentBytes, own?.residentBytes),
    figure(result.anonymousBytes / MIB),
    times(result.anonymousBytes, own?.anonymousBytes),
  ])
  return [header, ...rows]
}

function resultOf(measurement: Measurement | undefined, name: string): Result | undefined {
  return measurement?.results.find((result) => result.name === name)
}

function ratio(value: number | undefined, of: number | undefined): number | undefined {
  return value === undefined || of === undefined ? undefined : value / of
}

function times(value: number, of: number | undefined): string {
  return of === undefined ? '' : `${figure(value / of)}x`
}

function figure(value: number | undefined): string {
  if (value === undefined) return '-'
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value >= 0.1 ? value.toFixed(2) : value.toFixed(3)
}

/** The first column to the left, figures to the right. */
function formatTable(rows: ReadonlyArray<readonly string[]>): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}
