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
  accept(alerts: readonly Alert[]): Promise<void>
}

interface Waiting {
  readonly alerts: readonly Alert[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export function createDeliveryQueue(database: Database, clock: Clock): DeliveryQueue {
  let waiting: Waiting[] = []
  const commit = (): void => {
    const batch = waiting
    waiting = []
    try {
      acceptDelivery(
        database,
        batch.flatMap(({ alerts }) => alerts),
        new Date(clock.nowMs()).toISOString(),
      )
      for (const { resolve } of batch) resolve()
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error)
      else for (const each of batch) alone(each)
    }
  }
  /** A delivery that is too large for what is left on the disk must not take the others with it. */
  const alone = ({ alerts, resolve, reject }: Waiting): void => {
    try {
      acceptDelivery(database, alerts, new Date(clock.nowMs()).toISOString())
      resolve()
    } catch (error) {
      reject(error)
    }
  }
  return {
    accept: (alerts) =>
      new Promise((resolve, reject) => {
        // After the requests that have arrived by now have been read.
        if (waiting.length === 0) setImmediate(commit)
        waiting.push({ alerts, resolve, reject })
      }),
  }
}
