/** Owns finding the question that an incident waits with. */
import type { Database } from '../database.ts'
import { fromRow, type Approval } from './approval-row.ts'

export function openApprovalOf(database: Database, incident: string): Approval | undefined {
  const row = database.get('SELECT * FROM approvals WHERE incident = $incident AND answer IS NULL', { incident })
  return row && fromRow(row)
}
