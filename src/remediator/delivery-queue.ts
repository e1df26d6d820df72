/**
 * Owns making deliveries durable together: all that arrive while the disk is busy with one commit share the next one. Each is
 * answered after its own alerts are on disk, or told why they are not.
 */
import type { Clock } from '../lib/clock.ts'
import type { Alert } from './model.ts'
import type { Database } from './store/database.ts'
import { acceptDelivery } from './store/inbox/accept-delivery.ts'

export interface DeliveryQueue {
  /** Resolves when the alerts survive a crash. Rejects with OperationalError when they could not be written; none is kept then. */
  accept(alerts: Iterable<Alert>): Promise<void>
}

interface Waiting {
  readonly alerts: Iterable<Alert>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Between two commits, so that under load they take a third of the time and not all of it. One that comes alone does not wait. */
const GATHER_MS = 8

export function createDeliveryQueue(database: Database, clock: Clock, monotonicMs: () => number = () => performance.now()): DeliveryQueue {
  let waiting: Waiting[] = []
  let lastCommitMs = -Infinity
  const commit = (): void => {
    const batch = waiting
    waiting = []
    settle(batch, database, new Date(clock.nowMs()).toISOString())
    lastCommitMs = monotonicMs()
  }
  return {
    accept: (alerts) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) {
          const remainingMs = lastCommitMs + GATHER_MS - monotonicMs()
          // After the requests that have arrived by now have been read.
          if (remainingMs > 0) setTimeout(commit, remainingMs)
          else setImmediate(commit)
        }
        waiting.push({ alerts, resolve, reject })
      }),
  }
}

/** All in one commit; when that fails, one by one: a delivery too large for what is left on the disk must not take others with it. */
function settle(batch: readonly Waiting[], database: Database, receivedAt: string): void {
  try {
    database.transaction(() => {
      for (const { alerts } of batch) acceptDelivery(database, alerts, receivedAt)
    })
    for (const { resolve } of batch) resolve()
  } catch (error) {
    if (batch.length === 1) batch[0]?.reject(error)
    else for (const each of batch) settle([each], database, receivedAt)
  }
}
