/** Owns forgetting what a person said. */
import type { Database } from '../database.ts'
import { fromRow, type RememberedApproval } from './first-approval-row.ts'

/** Returns what it was, or undefined when there was no such. */
export function forgetApproval(database: Database, id: number): RememberedApproval | undefined {
  const row = database.get('DELETE FROM first_approvals WHERE id = $id RETURNING *', { id })
  return row && fromRow(row)
}
