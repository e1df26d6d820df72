/** Owns the series of probes. Never runs one: they run on their own intervals, and a scrape only tells what came of them. */
import type { Collector } from '../collector.ts'
import type { Family, HistogramValue } from '../exposition.ts'
import { LATENCY_BOUNDS, type ProbeRunner, type ProbeState } from '../probe-runner.ts'

export const UP = family(
  'up',
  'gauge',
  ['probe'],
  'Whether the endpoint gave the expected answer when last asked; asked on its own interval, not by the scrape.',
)
export const DURATION = family(
  'duration_seconds',
  'gauge',
  ['probe'],
  'How long the last run took, from connecting to the end of the answer or to the failure.',
)
export const STATUS = family('http_status_code', 'gauge', ['probe'], 'The status of the last answer; absent when there was none.')
export const LATENCY = family(
  'latency_seconds',
  'histogram',
  ['probe'],
  'How long answers took, healthy ones and others; runs without an answer are not in it.',
)
export const FAILURES = family('failures_total', 'counter', ['probe', 'reason'], 'Runs that failed, by the first thing that was wrong.')

export function createProbesCollector(runner: Pick<ProbeRunner, 'states'>): Collector {
  return {
    name: 'probes',
    collect: async (out) => {
      const states = [...runner.states()]
      const write = (target: Family, figure: (state: ProbeState) => number | undefined): void =>
        out.family(
          target,
          states.flatMap((state) => {
            const value = figure(state)
            return value === undefined ? [] : [[[state.name], value] as const]
          }),
        )
      write(UP, ({ last }) => last && (last.failure === undefined ? 1 : 0))
      write(DURATION, ({ last }) => last?.durationSeconds)
      write(STATUS, ({ last }) => last?.statusCode)
      out.histogram(
        LATENCY,
        states.map((state) => [[state.name], histogramOf(state)]),
      )
      out.family(
        FAILURES,
        states.flatMap(({ name, failures }) => [...failures].map(([reason, count]) => [[name, reason], count] as const)),
      )
    },
  }
}

function histogramOf({ latencyCounts, latencySumSeconds }: ProbeState): HistogramValue {
  let count = 0
  const buckets = LATENCY_BOUNDS.map((bound, index) => [bound, (count += latencyCounts[index] ?? 0)] as const)
  return { buckets, sum: latencySumSeconds, count: count + (latencyCounts.at(-1) ?? 0) }
}

function family(suffix: string, type: Family['type'], labels: readonly string[], help: string): Family {
  return { name: `procwarden_probe_${suffix}`, type, labels, help }
}
