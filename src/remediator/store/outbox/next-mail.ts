/** Owns finding the mail that is to be sent next. */
import type { Database } from '../database.ts'
import { WAITS, fromRow, type MailKind, type OutboxMail } from './outbox-row.ts'

/** The waiting mail that has been due the longest, of one kind or recipient, or of all. */
export function nextMail(
  database: Database,
  nowMs: number,
  { kind = null, recipient = null }: { readonly kind?: MailKind | null; readonly recipient?: string | null } = {},
): OutboxMail | undefined {
  const row = database.get(
    `SELECT * FROM outbox WHERE ${WAITS} AND next_at_ms <= $nowMs
       AND ($kind IS NULL OR kind = $kind) AND ($recipient IS NULL OR recipient = $recipient)
     ORDER BY next_at_ms, id LIMIT 1`,
    { nowMs, kind, recipient },
  )
  return row && fromRow(row)
}
