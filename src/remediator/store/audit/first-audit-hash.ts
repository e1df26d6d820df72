/** Owns reading the beginning of the audit trail, which tells it from every other. */
import type { Database } from '../database.ts'
import { textOf } from '../row.ts'

/** The first entry's hash, or undefined while there is none. */
export function firstAuditHash(database: Database): string | undefined {
  const row = database.get('SELECT hash FROM audit ORDER BY seq LIMIT 1')
  return row && textOf(row, 'hash')
}
