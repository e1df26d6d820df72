/** Owns questions to Alertmanager's API (v2): which alerts are active, and since when it runs. Asks, never decides. */
import { z } from 'zod'
import { OperationalError, messageOf } from '../lib/errors.ts'
import type { Peer } from '../lib/peer.ts'
import type { Alert } from './model.ts'
import { AlertTimes, Labels } from './webhook-payload.ts'

const QUERY_TIMEOUT_MS = 5_000
/** 10,000 alerts with long labels fit. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024
const ALERTS_MAX = 100_000

const GettableAlert = z
  .object({
    fingerprint: z.string().regex(/^[0-9a-fA-F]{1,64}$/),
    labels: Labels,
    annotations: Labels.default({}),
    status: z.object({ silencedBy: z.array(z.string()).default([]), inhibitedBy: z.array(z.string()).default([]) }),
  })
  .extend(AlertTimes)
const Status = z.object({ uptime: z.iso.datetime({ offset: true }) })

export interface ActiveAlert extends Alert {
  /** Alertmanager would notify of it: it is neither silenced nor inhibited. */
  readonly isNotified: boolean
}

export interface ActiveAlerts {
  readonly alerts: readonly ActiveAlert[]
  /** Alertmanager forgets its alerts when it restarts (wall clock, milliseconds). */
  readonly runningSinceMs: number
  /** Alerts that could not be understood, and are not among `alerts`. */
  readonly unreadable: number
}

export interface Alertmanager {
  /** Alerts with a label `remediate`. Throws OperationalError `alertmanager_unreachable`. */
  active(signal: AbortSignal): Promise<ActiveAlerts>
}

export function createAlertmanager(peer: Peer): Alertmanager {
  const ask = async (route: string, signal: AbortSignal): Promise<unknown> =>
    JSON.parse(await peer.ask(route, { signal, timeoutMs: QUERY_TIMEOUT_MS, bytesMax: ANSWER_BYTES_MAX }))
  return {
    active: async (signal) => {
      try {
        // The status first: an Alertmanager that restarts in between then looks younger than its answer, never older.
        const status = Status.parse(await ask('api/v2/status', signal))
        const filter = encodeURIComponent('remediate=~".+"')
        const found = z
          .array(z.unknown())
          .max(ALERTS_MAX)
          .parse(await ask(`api/v2/alerts?active=true&silenced=true&inhibited=true&filter=${filter}`, signal))
        const alerts = found.flatMap((each) => readAlert(each))
        return { alerts, runningSinceMs: Date.parse(status.uptime), unreadable: found.length - alerts.length }
      } catch (error) {
        throw new OperationalError(`Alertmanager did not answer: ${messageOf(error)}`, {
          reason: 'alertmanager_unreachable',
          retryable: true,
          cause: error,
        })
      }
    },
  }
}

function readAlert(value: unknown): ActiveAlert[] {
  const result = GettableAlert.safeParse(value)
  if (!result.success || (result.data.labels['alertname'] ?? '') === '') return []
  const { fingerprint, labels, annotations, startsAt, status } = result.data
  return [
    {
      fingerprint: fingerprint.toLowerCase(),
      status: 'firing',
      labels,
      annotations,
      startsAt: new Date(startsAt).toISOString(),
      isNotified: status.silencedBy.length === 0 && status.inhibitedBy.length === 0,
    },
  ]
}
