/** Owns listing what people have said that is to count again. */
import type { Database } from '../database.ts'
import { fromRow, type RememberedApproval } from './first-approval-row.ts'

const LISTED_MAX = 10_000

/** Oldest first. */
export function listRememberedApprovals(database: Database): RememberedApproval[] {
  return database.all(`SELECT * FROM first_approvals ORDER BY id LIMIT ${LISTED_MAX}`).map(fromRow)
}
