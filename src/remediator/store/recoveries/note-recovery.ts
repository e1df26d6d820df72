/** Owns noting that the alert of an incident is over, for whoever tells people. */
import type { Database } from '../database.ts'

/** `at` is ISO 8601. */
export function noteRecovery(database: Database, incident: string, at: string): void {
  database.run('INSERT OR IGNORE INTO recoveries (incident, at) VALUES ($incident, $at)', { incident, at })
}
