/** Owns noting that the file of a call says that it was acknowledged. */
import type { Database } from '../database.ts'

export function markSettled(database: Database, id: number): void {
  database.run('UPDATE escalations SET file_settled = 1 WHERE id = $id', { id })
}
