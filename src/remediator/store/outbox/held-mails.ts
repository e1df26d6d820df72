/** Owns finding the mails of which a digest is made. */
import type { Database } from '../database.ts'
import { WAITS, fromRow, type OutboxMail } from './outbox-row.ts'

/** Oldest first. */
export function heldMails(database: Database, recipient: string, nowMs: number, limit: number): OutboxMail[] {
  const sql = `SELECT * FROM outbox WHERE ${WAITS} AND recipient = $recipient AND kind = 'incident' AND next_at_ms <= $nowMs
    ORDER BY id LIMIT $limit`
  return database.all(sql, { recipient, nowMs, limit }).map(fromRow)
}
