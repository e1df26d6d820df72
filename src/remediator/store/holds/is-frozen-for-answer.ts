/** Owns finding out whether an incident's process is stopped because a person is asked about it. */
import type { Database } from '../database.ts'

/** What was stopped in an earlier boot has ended with that. */
export function isFrozenForAnswer(database: Database, incident: string, bootId: string): boolean {
  const sql = "SELECT 1 FROM holds WHERE incident = $incident AND kind = 'waiting' AND boot_id = $bootId LIMIT 1"
  return database.get(sql, { incident, bootId }) !== undefined
}
