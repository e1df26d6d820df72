/** Owns finding what was asked last about an incident. */
import type { Database } from '../database.ts'
import { fromRow, type Approval } from './approval-row.ts'

export function latestApprovalOf(database: Database, incident: string): Approval | undefined {
  const row = database.get('SELECT * FROM approvals WHERE incident = $incident ORDER BY id DESC LIMIT 1', { incident })
  return row && fromRow(row)
}
