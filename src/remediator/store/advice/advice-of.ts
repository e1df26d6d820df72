/** Owns finding what the advisor was asked about an incident. */
import type { Database } from '../database.ts'
import { fromRow, type Advice } from './advice-row.ts'

const LISTED_MAX = 100

/** Oldest first. */
export function adviceOf(database: Database, incident: string): Advice[] {
  return database.all(`SELECT * FROM advice WHERE incident = $incident ORDER BY id LIMIT ${LISTED_MAX}`, { incident }).map(fromRow)
}
