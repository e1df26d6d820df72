/** Owns reading one quarantine by its id. */
import type { Database } from '../database.ts'
import { fromRow, type QuarantineRow } from './quarantine-row.ts'

export function getQuarantine(database: Database, id: string): QuarantineRow | undefined {
  const row = database.get('SELECT * FROM quarantines WHERE id = $id', { id })
  return row && fromRow(row)
}
