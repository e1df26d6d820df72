/** Owns counting mails for the hour's allowance. */
import type { Database } from '../database.ts'

export function mailsSentSince(database: Database, sinceMs: number): number {
  return Number(database.get('SELECT count(*) AS n FROM outbox WHERE sent_at_ms > $sinceMs', { sinceMs })?.['n'] ?? 0)
}
