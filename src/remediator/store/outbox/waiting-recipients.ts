/** Owns finding out for whom mails wait, and how many of them are held back. */
import type { Database } from '../database.ts'
import { numberOf, numberOrNull, textOf } from '../row.ts'
import { WAITS } from './outbox-row.ts'

export interface WaitingRecipient {
  readonly recipient: string
  /** Mails that are due, held back or not. */
  readonly due: number
  readonly held: number
  /** Since when the first of them is held back. */
  readonly heldSinceMs: number | null
  /** A digest is on its way: nothing else is, until it has gone. */
  readonly hasDigest: boolean
}

/** Whoever has waited the longest comes first. Mails that call a person are not among them. */
export function waitingRecipients(database: Database, nowMs: number): WaitingRecipient[] {
  const sql = `SELECT recipient, sum(kind = 'incident' AND next_at_ms <= $nowMs) AS due,
      sum(kind = 'incident' AND next_at_ms <= $nowMs AND held_at_ms IS NOT NULL) AS held,
      min(held_at_ms) AS held_since, max(kind = 'digest') AS has_digest, min(next_at_ms) AS since
    FROM outbox WHERE ${WAITS} AND kind <> 'alert' GROUP BY recipient HAVING due > 0 ORDER BY since, min(id)`
  return database.all(sql, { nowMs }).map((row) => ({
    recipient: textOf(row, 'recipient'),
    due: numberOf(row, 'due'),
    held: numberOf(row, 'held'),
    heldSinceMs: numberOrNull(row, 'held_since'),
    hasDigest: numberOf(row, 'has_digest') === 1,
  }))
}
