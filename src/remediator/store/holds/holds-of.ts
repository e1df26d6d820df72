/** Owns finding what an incident has stopped. */
import type { Database } from '../database.ts'
import { fromRow, type Hold } from './hold-row.ts'

/** In the order in which they were stopped. */
export function holdsOf(database: Database, incident: string): Hold[] {
  return database.all('SELECT * FROM holds WHERE incident = $incident ORDER BY id', { incident }).map(fromRow)
}
