/** Owns reading the head of the audit trail. */
import type { AuditEntry } from '../../model.ts'
import type { Database } from '../database.ts'
import { fromRow } from './audit-row.ts'

export function lastAuditEntry(database: Database): AuditEntry | undefined {
  const row = database.get('SELECT * FROM audit ORDER BY seq DESC LIMIT 1')
  return row && fromRow(row)
}
