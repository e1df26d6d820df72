/** Owns closing what was handed to the advisor: it has had its say. */
import type { Database } from '../database.ts'

export function closeAdvisorEscalations(database: Database, incident: string, at: string): void {
  database.run("UPDATE escalations SET closed_at = $at WHERE incident = $incident AND level = 'advisor' AND closed_at IS NULL", {
    incident,
    at,
  })
}
