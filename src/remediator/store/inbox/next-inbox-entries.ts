/** Owns reading what waits in the inbox. */
import { z } from 'zod'
import type { Alert } from '../../model.ts'
import type { Database } from '../database.ts'
import { numberOf, textOf } from '../row.ts'

export interface InboxEntry {
  readonly id: number
  readonly receivedAt: string
  readonly alert: Alert
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
