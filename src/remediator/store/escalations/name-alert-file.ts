/** Owns noting the file by which a person is called. */
import type { Database } from '../database.ts'

export function nameAlertFile(database: Database, id: number, file: string): void {
  database.run('UPDATE escalations SET file = $file WHERE id = $id', { id, file })
}
