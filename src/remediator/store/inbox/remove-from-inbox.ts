/** Owns taking an alert out of the inbox. */
import type { Database } from '../database.ts'

/** Takes an entry out; call it in the transaction that writes the incident. */
export function removeFromInbox(database: Database, id: number): void {
  database.run('DELETE FROM inbox WHERE id = $id', { id })
}
