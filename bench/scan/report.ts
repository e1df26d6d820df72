/** Owns the table that `npm run bench:scan` prints, and the judgement against the targets. Never measures. */
import { figure, formatTable, type Verdict, verdictRows } from '../lib/table.ts'
import type { Measurement, Result } from './measure.ts'

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
  return [...tables, `targets at 2,000 processes\n${formatTable(verdictRows(verdicts(measurements)))}`].join('\n\n')
}

function rowsOf({ results }: Measurement): string[][] {
  const own = results.find((result) => result.name === 'procwarden')
  const header = ['', 'CPU/scrape ms', 'ratio', 'median ms', 'p99 ms', 'resident MiB', 'ratio', 'anonymous MiB', 'ratio']
  const rows = results.map((result) => [
    result.name,
    figure(result.cpuMs),
    times(result.cpuMs, own?.cpuMs),
    latency(result.latencyMedianMs),
    latency(result.latencyP99Ms),
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

/** Not every contender answers over HTTP. */
function latency(value: number | undefined): string {
  return value === undefined ? '-' : figure(value)
}
