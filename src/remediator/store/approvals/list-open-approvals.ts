/** Owns finding all questions that wait for an answer. */
import type { Database } from '../database.ts'
import { fromRow, type Approval } from './approval-row.ts'

const LISTED_MAX = 1_000

/** The one that expires first comes first. */
export function listOpenApprovals(database: Database): Approval[] {
  const sql = `SELECT approvals.* FROM approvals JOIN incidents ON incidents.id = approvals.incident
    WHERE answer IS NULL AND incidents.status = 'awaiting_approval' ORDER BY expires_at_ms, approvals.id LIMIT ${LISTED_MAX}`
  return database.all(sql).map(fromRow)
}
