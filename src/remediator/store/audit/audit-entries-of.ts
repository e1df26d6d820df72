/** Owns reading the timeline of one incident. */
import type { AuditEntry } from '../../model.ts'
import type { Database } from '../database.ts'
import { fromRow } from './audit-row.ts'

export function auditEntriesOf(database: Database, incident: string): AuditEntry[] {
  return database.all('SELECT * FROM audit WHERE incident = $incident ORDER BY seq', { incident }).map(fromRow)
}
