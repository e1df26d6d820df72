/** Owns reading one question to the advisor. */
import type { Database } from '../database.ts'
import { fromRow, type Advice } from './advice-row.ts'

export function getAdvice(database: Database, id: number): Advice | undefined {
  const row = database.get('SELECT * FROM advice WHERE id = $id', { id })
  return row && fromRow(row)
}
