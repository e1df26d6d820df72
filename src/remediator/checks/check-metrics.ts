/** Owns the metrics of synthetic checks: how each last went, read from the store at scrape time, and how often it ran. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { CheckState } from './keeper.ts'
import type { CheckResult } from './result.ts'

export interface CheckMetrics {
  concluded(result: CheckResult): void
  /** Whose checks are told of; a reload replaces them. */
  source(read: () => readonly CheckState[]): void
}

const LABELS = ['check', 'group'] as const

interface GaugeSpec {
  readonly name: string
  readonly help: string
  readonly read: (state: CheckState, last: CheckResult) => number | undefined
}

/** A check that was skipped has figures of nothing: they are absent. */
const GAUGES: readonly GaugeSpec[] = [
  {
    name: 'procwarden_check_success',
    help: '1 when the synthetic check passed when it last ran, 0 when it failed; absent when it could not be tried.',
    read: (_state, { outcome }) => (outcome === 'skipped' ? undefined : outcome === 'passed' ? 1 : 0),
  },
  {
    name: 'procwarden_check_error_ratio',
    help: 'Share of the requests or runs of the synthetic check that failed.',
    read: (_state, { figures }) => figures.errorRatio,
  },
  {
    name: 'procwarden_check_latency_p95_seconds',
    help: '95th percentile of how long the requests or runs of the synthetic check took.',
    read: (_state, { figures }) => figures.latencyP95Seconds,
  },
  {
    name: 'procwarden_check_baseline_latency_p95_seconds',
    help: 'The same when it was healthy, as procwarden checks baseline saved it.',
    read: ({ healthyP95Seconds }) => healthyP95Seconds,
  },
  {
    name: 'procwarden_check_memory_growth_bytes_per_hour',
    help: 'By how much memory grows at least under the load of the synthetic check; 0 when no growth can be told from noise.',
    read: (_state, { figures }) => figures.memoryGrowthBytesPerHour,
  },
  {
    name: 'procwarden_check_duration_seconds',
    help: 'How long the synthetic check took when it last ran.',
    read: (_state, { durationSeconds }) => durationSeconds,
  },
  {
    name: 'procwarden_check_last_run_timestamp_seconds',
    help: 'When the synthetic check last ran, in seconds since the Unix epoch.',
    read: (_state, { at }) => Date.parse(at) / 1000,
  },
]

export function createCheckMetrics(registers: Registry[]): CheckMetrics {
  let states: () => readonly CheckState[] = () => []
  const runs = new Counter({
    name: 'procwarden_check_runs_total',
    help: 'Runs of synthetic checks by outcome.',
    labelNames: ['check', 'outcome'],
    registers,
  })
  for (const { name, help, read } of GAUGES) {
    new Gauge({
      name,
      help,
      labelNames: LABELS,
      registers,
      collect() {
        this.reset()
        for (const state of states()) {
          const value = state.last && read(state, state.last)
          // Prometheus takes an empty label for none.
          if (value !== undefined) this.set({ check: state.definition.name, group: state.definition.program ?? '' }, value)
        }
      },
    })
  }
  return {
    concluded: ({ check, outcome }) => runs.inc({ check, outcome }),
    source: (read) => {
      states = read
      for (const { definition } of read())
        for (const outcome of ['passed', 'failed', 'timed_out', 'skipped']) runs.inc({ check: definition.name, outcome }, 0)
    },
  }
}
