/** Owns finding the escalations that nobody has closed. */
import type { Database } from '../database.ts'
import { fromRow, type Escalation } from './escalation-row.ts'

const LISTED_MAX = 1_000

/** Oldest first. */
export function openEscalations(database: Database): Escalation[] {
  return database.all(`SELECT * FROM escalations WHERE closed_at IS NULL ORDER BY id LIMIT ${LISTED_MAX}`).map(fromRow)
}
