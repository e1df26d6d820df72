/** Owns noting that a mail server has taken a mail. */
import type { Database } from '../database.ts'

export function markMailSent(database: Database, id: number, nowMs: number): void {
  database.run('UPDATE outbox SET sent_at_ms = $nowMs, attempts = attempts + 1, error = NULL WHERE id = $id', { id, nowMs })
}
