/** Owns noting that a process goes on, or is gone. */
import type { Database } from '../database.ts'

export function removeHold(database: Database, id: number): void {
  database.run('DELETE FROM holds WHERE id = $id', { id })
}
