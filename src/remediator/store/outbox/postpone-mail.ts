/** Owns noting that a mail could not be sent yet. */
import type { Database } from '../database.ts'

export function postponeMail(database: Database, id: number, nextAtMs: number, error: string): void {
  database.run('UPDATE outbox SET attempts = attempts + 1, next_at_ms = $nextAtMs, error = $error WHERE id = $id', { id, nextAtMs, error })
}
