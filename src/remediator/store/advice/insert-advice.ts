/** Owns writing down that the advisor is to be asked. */
import type { Database } from '../database.ts'
import { AdviceBody, type Advice } from './advice-row.ts'

/** Returns the question's id. */
export function insertAdvice(
  database: Database,
  { incident, purpose, at, by }: Pick<Advice, 'incident' | 'purpose' | 'at' | 'by'>,
): number {
  const sql = "INSERT INTO advice (incident, purpose, at, status, body) VALUES ($incident, $purpose, $at, 'waiting', $body)"
  return database.run(sql, { incident, purpose, at, body: JSON.stringify(AdviceBody.parse({ by })) }).lastId
}
