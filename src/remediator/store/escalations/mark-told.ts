/** Owns noting that people have been told of a call, and when they are to be told again. */
import type { Database } from '../database.ts'

export function markTold(database: Database, id: number, nextAtMs: number): void {
  database.run('UPDATE escalations SET told = told + 1, next_at_ms = $nextAtMs WHERE id = $id', { id, nextAtMs })
}
