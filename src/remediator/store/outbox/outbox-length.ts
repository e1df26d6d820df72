/** Owns counting the mails that wait. */
import type { Database } from '../database.ts'

export function outboxLength(database: Database): number {
  return Number(
    database.get('SELECT count(*) AS n FROM outbox WHERE sent_at_ms IS NULL AND digest IS NULL AND given_up_at_ms IS NULL')?.['n'] ?? 0,
  )
}
