/** Owns finding the escalations of one incident. */
import type { Database } from '../database.ts'
import { fromRow, type Escalation } from './escalation-row.ts'

/** Oldest first. */
export function escalationsOf(database: Database, incident: string): Escalation[] {
  return database.all('SELECT * FROM escalations WHERE incident = $incident ORDER BY id', { incident }).map(fromRow)
}
