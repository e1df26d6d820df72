/** Owns finding out how often people were called lately. */
import type { Database } from '../database.ts'
import { numberOrNull } from '../row.ts'

/**
 * Mails that call a person, made from `sinceMs` to now: how many moments there were, and the last of them. What lies ahead of a
 * clock that was set back is none of them.
 */
export function lastAlertMail(
  database: Database,
  { sinceMs, nowMs }: { readonly sinceMs: number; readonly nowMs: number },
): { readonly count: number; readonly lastAtMs: number | null } {
  const row = database.get(
    `SELECT count(DISTINCT dedupe) AS n, max(created_at_ms) AS last FROM outbox
      WHERE kind = 'alert' AND created_at_ms >= $sinceMs AND created_at_ms <= $nowMs`,
    { sinceMs, nowMs },
  )
  return { count: Number(row?.['n'] ?? 0), lastAtMs: row ? numberOrNull(row, 'last') : null }
}
