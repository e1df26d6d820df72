/** Owns how fast what is out of order grows: one question to Prometheus for all of it. */
import { OperationalError } from '../../../lib/errors.ts'
import type { Incident } from '../../model.ts'
import { promqlString, type Prometheus } from '../../prometheus.ts'

const ASKED_MAX = 50

/** Per minute, by incident; those without a signal, and those of which nothing is known, are absent. */
export async function growthOf(incidents: readonly Incident[], prometheus: Prometheus | undefined): Promise<ReadonlyMap<string, number>> {
  const asked = incidents.filter(({ labels }) => labels['signal'] !== undefined).slice(0, ASKED_MAX)
  if (asked.length === 0 || !prometheus) return new Map()
  const signals = [...new Set(asked.map(({ labels }) => labels['signal'] ?? ''))]
  const alternatives = signals.map((signal) => signal.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`)).join('|')
  try {
    const samples = await prometheus.query(`deriv(procwarden:signal:level{signal=~${promqlString(alternatives)}}[15m]) != 0`)
    return new Map(
      asked.flatMap(({ id, labels }) => {
        const same = samples.find(({ labels: of }) => Object.entries(of).every(([name, value]) => labels[name] === value))
        return same === undefined ? [] : [[id, same.value * 60] as const]
      }),
    )
  } catch (error) {
    if (error instanceof OperationalError) return new Map()
    throw error
  }
}
