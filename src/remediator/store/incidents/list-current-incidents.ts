/** Owns listing the incidents that are not over: being worked on, waiting for a person, or with their alert still firing. */
import type { Incident } from '../../model.ts'
import type { Database } from '../database.ts'
import { COLUMNS, fromRow } from './incident-row.ts'
import { SYNTHETIC_ALERT } from '../../synthetic.ts'

/** What waits for a person first, then newest first; without procwarden's own synthetic alerts. */
export function listCurrentIncidents(database: Database, limit: number): Incident[] {
  const columns = COLUMNS.replaceAll(/\w+/g, 'incidents.$&')
  // Two halves, each with an index of its own; an incident in both is told once.
  const sql = `SELECT ${columns} FROM incidents WHERE id IN (
      SELECT id FROM incidents WHERE status IN ('queued', 'deferred', 'awaiting_approval')
      UNION SELECT id FROM incidents WHERE resolved_at IS NULL
    ) AND incidents.body ->> 'alertname' <> '${SYNTHETIC_ALERT}'
    ORDER BY status = 'awaiting_approval' DESC, received_at DESC, id DESC LIMIT $limit`
  return database.all(sql, { limit }).map(fromRow)
}
