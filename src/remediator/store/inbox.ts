/** Owns the inbox table: alerts made durable before the webhook is acknowledged, and taken out once they are incidents. */
import { z } from 'zod'
import type { Alert } from '../model.ts'
import type { Database } from './database.ts'
import { numberOf, textOf } from './row.ts'

export interface InboxEntry {
  readonly id: number
  readonly receivedAt: string
  readonly alert: Alert
}

/** Writes all alerts of one delivery in one transaction. On return they survive a crash. */
export function acceptDelivery(database: Database, alerts: readonly Alert[], receivedAt: string): void {
  database.transaction(() => {
    for (const alert of alerts) {
      database.run('INSERT INTO inbox (received_at, alert) VALUES ($receivedAt, $alert)', { receivedAt, alert: JSON.stringify(alert) })
    }
  })
}

const StoredAlert = z.object({
  fingerprint: z.string(),
  status: z.enum(['firing', 'resolved']),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  startsAt: z.string(),
})

/** The oldest entries that are not incidents yet, in order of arrival. */
export function nextInboxEntries(database: Database, limit: number): InboxEntry[] {
  return database.all('SELECT id, received_at, alert FROM inbox ORDER BY id LIMIT $limit', { limit }).map((row) => ({
    id: numberOf(row, 'id'),
    receivedAt: textOf(row, 'received_at'),
    alert: StoredAlert.parse(JSON.parse(textOf(row, 'alert'))),
  }))
}

/** Takes an entry out; call it in the transaction that writes the incident. */
export function removeFromInbox(database: Database, id: number): void {
  database.run('DELETE FROM inbox WHERE id = $id', { id })
}

export function inboxLength(database: Database): number {
  return Number(database.get('SELECT count(*) AS n FROM inbox')?.['n'] ?? 0)
}
