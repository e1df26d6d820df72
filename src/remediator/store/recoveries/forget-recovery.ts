/** Owns taking back that the alert of an incident is over: it fires again. */
import type { Database } from '../database.ts'

export function forgetRecovery(database: Database, incident: string): void {
  database.run('DELETE FROM recoveries WHERE incident = $incident', { incident })
}
