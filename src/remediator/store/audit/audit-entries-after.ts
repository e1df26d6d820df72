/** Owns reading the audit trail in order. */
import type { AuditEntry } from '../../model.ts'
import type { Database } from '../database.ts'
import { fromRow } from './audit-row.ts'

/** Entries with seq greater than `after`, in order, one at a time, at most `limit`. */
export function* auditEntriesAfter(database: Database, after: number, limit = Number.MAX_SAFE_INTEGER): Generator<AuditEntry> {
  const sql = 'SELECT * FROM audit WHERE seq > $after ORDER BY seq LIMIT $limit'
  for (const row of database.iterate(sql, { after, limit })) yield fromRow(row)
}
