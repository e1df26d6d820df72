/** Owns reading one question by its id. */
import type { Database } from '../database.ts'
import { fromRow, type Approval } from './approval-row.ts'

export function getApproval(database: Database, id: number): Approval | undefined {
  const row = database.get('SELECT * FROM approvals WHERE id = $id', { id })
  return row && fromRow(row)
}
