/** Owns finding who has been, or is about to be, written to about an incident. */
import type { Database } from '../database.ts'
import { numberOf, textOf } from '../row.ts'

export interface MailAbout {
  readonly id: number
  readonly recipient: string
  readonly messageId: string
  /** Neither sent nor part of a digest: what it says can still be added to. */
  readonly isWaiting: boolean
}

/** The first one to each recipient, and the last that waits, in the order in which they were written. */
export function mailsAbout(database: Database, incident: string): MailAbout[] {
  const sql = `SELECT id, recipient, message_id, (sent_at_ms IS NULL AND digest IS NULL AND given_up_at_ms IS NULL AND attempts = 0) AS waiting
    FROM outbox WHERE incident = $incident AND recipient <> '' ORDER BY id`
  return database.all(sql, { incident }).map((row) => ({
    id: numberOf(row, 'id'),
    recipient: textOf(row, 'recipient'),
    messageId: textOf(row, 'message_id'),
    isWaiting: numberOf(row, 'waiting') === 1,
  }))
}
