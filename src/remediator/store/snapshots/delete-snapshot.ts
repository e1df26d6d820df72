/** Owns taking a snapshot out of the index. */
import type { Database } from '../database.ts'

export function deleteSnapshot(database: Database, id: string): void {
  database.run('DELETE FROM snapshots WHERE id = $id', { id })
}
