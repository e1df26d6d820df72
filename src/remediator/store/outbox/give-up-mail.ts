/** Owns noting that a mail could not be sent for so long that it is not tried any more. */
import type { Database } from '../database.ts'

export function giveUpMail(database: Database, id: number, nowMs: number, error: string): void {
  database.run('UPDATE outbox SET attempts = attempts + 1, given_up_at_ms = $nowMs, error = $error WHERE id = $id', { id, nowMs, error })
}
