/** Owns turning what was stopped while a person was asked into what stays stopped. */
import type { Database } from '../database.ts'

export function keepHolds(database: Database, incident: string): void {
  database.run("UPDATE holds SET kind = 'action' WHERE incident = $incident AND kind = 'waiting'", { incident })
}
