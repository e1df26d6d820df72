/** Owns finding processes that wait for an answer nobody will give any more. */
import type { Database } from '../database.ts'
import { fromRow, type Hold } from './hold-row.ts'

const BATCH = 100

/**
 * Holds of kind `waiting` whose incident has ended, or is put off for another reason than a question: without a yes that still
 * counts, nobody thinks about it meanwhile.
 */
export function orphanedHolds(database: Database): Hold[] {
  const sql = `SELECT holds.* FROM holds JOIN incidents ON incidents.id = holds.incident
    WHERE holds.kind = 'waiting' AND (incidents.status IN ('done', 'cancelled') OR (incidents.status = 'deferred' AND NOT EXISTS (
      SELECT 1 FROM approvals WHERE approvals.incident = incidents.id AND approvals.attempt > incidents.attempts
        AND (approvals.answer IS NULL OR approvals.answer = 'approve'))))
    ORDER BY holds.id LIMIT ${BATCH}`
  return database.all(sql).map(fromRow)
}
