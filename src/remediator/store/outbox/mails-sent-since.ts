/** Owns counting mails for the hour's allowance. */
import type { Database } from '../database.ts'

/** To one recipient, or to all together; from `sinceMs` to now: a clock that was set back leaves times to come. Those that call a person do not count. */
export function mailsSentSince(
  database: Database,
  { sinceMs, nowMs }: { readonly sinceMs: number; readonly nowMs: number },
  recipient: string | null = null,
): number {
  const sql = `SELECT count(*) AS n FROM outbox WHERE sent_at_ms > $sinceMs AND sent_at_ms <= $nowMs AND kind <> 'alert'
      AND ($recipient IS NULL OR recipient = $recipient)`
  return Number(database.get(sql, { sinceMs, nowMs, recipient })?.['n'] ?? 0)
}
