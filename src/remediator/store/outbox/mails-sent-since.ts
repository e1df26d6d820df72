/** Owns counting mails for the hour's allowance. */
import type { Database } from '../database.ts'

/** To one recipient, or to all together. Those that call a person do not count. */
export function mailsSentSince(database: Database, sinceMs: number, recipient: string | null = null): number {
  const sql =
    "SELECT count(*) AS n FROM outbox WHERE sent_at_ms > $sinceMs AND kind <> 'alert' AND ($recipient IS NULL OR recipient = $recipient)"
  return Number(database.get(sql, { sinceMs, recipient })?.['n'] ?? 0)
}
