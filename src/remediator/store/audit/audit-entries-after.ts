/** Owns reading the audit trail in order. */
import type { AuditEntry } from '../../model.ts'
import type { Database } from '../database.ts'
import { fromRow } from './audit-row.ts'

/** Entries with seq greater than `after`, in order, one at a time. */
export function* auditEntriesAfter(database: Database, after: number): Generator<AuditEntry> {
  for (const row of database.iterate('SELECT * FROM audit WHERE seq > $after ORDER BY seq', { after })) yield fromRow(row)
}
