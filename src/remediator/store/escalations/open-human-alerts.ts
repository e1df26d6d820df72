/** Owns counting what waits for a person. */
import type { Database } from '../database.ts'

/** Open escalations of level `person`. */
export function openHumanAlerts(database: Database): number {
  return Number(database.get("SELECT count(*) AS n FROM escalations WHERE closed_at IS NULL AND level = 'person'")?.['n'] ?? 0)
}
