/** Owns what a running Prometheus has in force: which alerts it has loaded, and which thresholds hold there for whom. */
import type { PrometheusClient } from '../prometheus/client.ts'
import { ANY_SIGNAL, thresholdName } from './thresholds.ts'

export interface ValueInForce {
  readonly value: number
  /** How many programs, probes or folders it holds for. */
  readonly subjects: number
  /** Some of them, by name; empty for a default. */
  readonly examples: readonly string[]
}

export interface AlertInForce {
  readonly isLoaded: boolean
  readonly state: string | undefined
  /** What Prometheus says when it cannot evaluate it. */
  readonly fault: string | undefined
}

export interface InForce {
  readonly address: string
  alert(name: string): AlertInForce
  /** Those that hold for subjects, the most frequent first; without any subject the default itself. */
  threshold(name: string, signal: string): readonly ValueInForce[]
}

const EXAMPLES_MAX = 3

/** Throws OperationalError when Prometheus does not answer. */
export async function readInForce(client: PrometheusClient): Promise<InForce> {
  const [loaded, samples] = await Promise.all([client.rules(), client.query('{__name__=~"procwarden:threshold:.+"}')])
  const alerts = loaded.filter((rule) => rule.type === 'alerting')
  const values = samples.map(({ labels, value }) => ({
    metric: labels['__name__'] ?? '',
    name: thresholdName(labels['__name__'] ?? ''),
    signal: labels['signal'] ?? ANY_SIGNAL,
    subject: subjectOf(labels),
    value,
  }))
  return {
    address: client.address,
    alert: (name) => {
      const rules = alerts.filter((rule) => rule.name === name)
      const states = rules.map((rule) => rule.state)
      return {
        isLoaded: rules.length > 0,
        state: ['firing', 'pending', 'inactive'].find((state) => states.includes(state)),
        fault: rules.find((rule) => rule.lastError !== undefined)?.lastError,
      }
    },
    threshold: (name, signal) => {
      const fitting = values.filter((each) => each.name === name && each.signal === signal)
      const effective = fitting.filter((each) => each.metric === `procwarden:threshold:${name}`)
      if (effective.length > 0) return counted(effective)
      const defaults = fitting.filter((each) => each.metric.endsWith(':default'))
      const anySignal = values.filter((each) => each.name === name && each.signal === ANY_SIGNAL && each.metric.endsWith(':default'))
      return [
        ...counted(defaults.length > 0 ? defaults : anySignal),
        ...counted(fitting.filter((each) => each.metric.endsWith(':override'))),
      ]
    },
  }
}

function counted(samples: ReadonlyArray<{ readonly subject: string; readonly value: number }>): ValueInForce[] {
  return [...Map.groupBy(samples, ({ value }) => value)]
    .map(([value, having]) => {
      // What holds for a whole signal names nobody, whoever else it holds for.
      const isForAll = having.some(({ subject }) => subject === '')
      const names = isForAll ? [] : [...new Set(having.map(({ subject }) => subject))].toSorted()
      return { value, subjects: names.length, examples: names.slice(0, EXAMPLES_MAX) }
    })
    .toSorted((a, b) => b.subjects - a.subjects)
}

function subjectOf(labels: Readonly<Record<string, string>>): string {
  return labels['group'] ?? labels['probe'] ?? labels['directory'] ?? labels['service'] ?? labels['mountpoint'] ?? labels['instance'] ?? ''
}
