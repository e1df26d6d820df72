/** Owns finding processes that wait for an answer nobody will give any more. */
import type { Database } from '../database.ts'
import { fromRow, type Hold } from './hold-row.ts'

const BATCH = 100

/** Holds of kind `waiting` whose incident has ended. */
export function orphanedHolds(database: Database): Hold[] {
  const sql = `SELECT holds.* FROM holds JOIN incidents ON incidents.id = holds.incident
    WHERE holds.kind = 'waiting' AND incidents.status IN ('done', 'cancelled') ORDER BY holds.id LIMIT ${BATCH}`
  return database.all(sql).map(fromRow)
}
