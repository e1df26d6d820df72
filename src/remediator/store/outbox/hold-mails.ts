/** Owns noting that mails are held back, to become a digest. */
import type { Database } from '../database.ts'
import { WAITS } from './outbox-row.ts'

export function holdMails(database: Database, recipient: string, nowMs: number): void {
  const sql = `UPDATE outbox SET held_at_ms = $nowMs
    WHERE ${WAITS} AND recipient = $recipient AND kind = 'incident' AND next_at_ms <= $nowMs AND held_at_ms IS NULL`
  database.run(sql, { recipient, nowMs })
}
