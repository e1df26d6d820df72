/** Owns finding the question whose answer may be tried on an incident; there is at most one. */
import type { Database } from '../database.ts'
import { fromRow, type Advice } from './advice-row.ts'

export function choiceOf(database: Database, incident: string): Advice | undefined {
  const row = database.get("SELECT * FROM advice WHERE incident = $incident AND purpose = 'choice' ORDER BY id DESC LIMIT 1", { incident })
  return row && fromRow(row)
}
