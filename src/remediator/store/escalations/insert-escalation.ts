/** Owns writing down that somebody else has to look. */
import type { Database } from '../database.ts'
import type { Escalation } from './escalation-row.ts'

/** Returns the escalation's id. */
export function insertEscalation(
  database: Database,
  escalation: Pick<Escalation, 'incident' | 'at' | 'level' | 'reason' | 'text'>,
): number {
  return database.run('INSERT INTO escalations (incident, at, level, reason, text) VALUES ($incident, $at, $level, $reason, $text)', {
    ...escalation,
  }).lastId
}
