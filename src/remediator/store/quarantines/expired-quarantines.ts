/** Owns finding quarantines whose time is over. */
import type { Database } from '../database.ts'
import { fromRow, type QuarantineRow } from './quarantine-row.ts'

const BATCH = 100

/** Those not expired yet whose time (wall clock) has come, oldest first. */
export function expiredQuarantines(database: Database, nowMs: number): QuarantineRow[] {
  const sql = `SELECT * FROM quarantines WHERE status IN ('open', 'restored') AND expires_at_ms <= $nowMs ORDER BY expires_at_ms LIMIT ${BATCH}`
  return database.all(sql, { nowMs }).map(fromRow)
}
