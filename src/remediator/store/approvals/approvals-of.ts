/** Owns finding all that was asked about an incident. */
import type { Database } from '../database.ts'
import { fromRow, type Approval } from './approval-row.ts'

/** In the order in which they were asked. */
export function approvalsOf(database: Database, incident: string): Approval[] {
  return database.all('SELECT * FROM approvals WHERE incident = $incident ORDER BY id', { incident }).map(fromRow)
}
