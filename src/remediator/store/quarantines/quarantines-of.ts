/** Owns finding the quarantines of one incident. */
import type { Database } from '../database.ts'
import { fromRow, type QuarantineRow } from './quarantine-row.ts'

/** Oldest first. */
export function quarantinesOf(database: Database, incident: string): QuarantineRow[] {
  return database.all('SELECT * FROM quarantines WHERE incident = $incident ORDER BY at, id', { incident }).map(fromRow)
}
