/** Owns making alerts durable before they are acknowledged. */
import type { Alert } from '../../model.ts'
import type { Database } from '../database.ts'

/** Writes all alerts of one delivery in one transaction. On return they survive a crash. */
export function acceptDelivery(database: Database, alerts: Iterable<Alert>, receivedAt: string): void {
  database.transaction(() => {
    for (const alert of alerts) {
      database.run('INSERT INTO inbox (received_at, alert) VALUES ($receivedAt, $alert)', { receivedAt, alert: JSON.stringify(alert) })
    }
  })
}
