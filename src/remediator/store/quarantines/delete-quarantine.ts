/** Owns taking a quarantine out of the index that never came to hold a file. */
import type { Database } from '../database.ts'

export function deleteQuarantine(database: Database, id: string): void {
  database.run('DELETE FROM quarantines WHERE id = $id', { id })
}
