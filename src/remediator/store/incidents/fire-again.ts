/** Owns noting that the alert of an open incident fires anew: by when it began, Alertmanager tells one firing from the next. */
import type { Database } from '../database.ts'

/** `startedAt` is the alert's (ISO 8601). */
export function fireAgain(database: Database, id: string, startedAt: string): void {
  database.run('UPDATE incidents SET started_at = $startedAt, resolved_at = NULL WHERE id = $id', { id, startedAt })
}
