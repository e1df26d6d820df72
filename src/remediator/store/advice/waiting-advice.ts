/** Owns finding the questions that nobody has put to the advisor yet. */
import type { Database } from '../database.ts'
import { fromRow, type Advice } from './advice-row.ts'

/** Those for a choice first, then the oldest. */
export function waitingAdvice(database: Database, limit: number): Advice[] {
  return database.all("SELECT * FROM advice WHERE status = 'waiting' ORDER BY purpose = 'opinion', id LIMIT $limit", { limit }).map(fromRow)
}
