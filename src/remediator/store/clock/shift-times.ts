/** Owns moving everything that waits for a time of the wall clock, when that clock has jumped. */
import type { Database } from '../database.ts'

/** What counts for the allowance of an hour. */
const SENT_LATELY_MS = 3_600_000

const WAITING = [
  'UPDATE incidents SET next_at_ms = next_at_ms + $byMs WHERE next_at_ms IS NOT NULL',
  `UPDATE outbox SET created_at_ms = created_at_ms + $byMs, next_at_ms = next_at_ms + $byMs, held_at_ms = held_at_ms + $byMs
    WHERE sent_at_ms IS NULL`,
  'UPDATE approvals SET expires_at_ms = expires_at_ms + $byMs WHERE answer IS NULL',
  'UPDATE escalations SET next_at_ms = next_at_ms + $byMs WHERE closed_at IS NULL AND next_at_ms IS NOT NULL',
  "UPDATE quarantines SET expires_at_ms = expires_at_ms + $byMs WHERE status <> 'expired'",
] as const

/** `nowBeforeMs` is what the clock would show now had it not jumped. Call it in a transaction. */
export function shiftTimes(database: Database, byMs: number, nowBeforeMs: number): void {
  for (const sql of WAITING) database.run(sql, { byMs })
  const sentLately = 'UPDATE outbox SET created_at_ms = created_at_ms + $byMs, sent_at_ms = sent_at_ms + $byMs WHERE sent_at_ms > $since'
  database.run(sentLately, { byMs, since: nowBeforeMs - SENT_LATELY_MS })
}
