/** Owns the question by which the worker finds its work. */
import type { Incident } from '../../model.ts'
import type { Database } from '../database.ts'
import { COLUMNS, fromRow } from './incident-row.ts'

/** Incidents that are due: queued, or deferred or awaiting approval until now. Oldest first. */
export function dueIncidents(database: Database, nowMs: number, limit: number): Incident[] {
  return database
    .all(
      `SELECT ${COLUMNS} FROM incidents INDEXED BY incidents_open
       WHERE status IN ('queued', 'deferred', 'awaiting_approval')
         AND (next_at_ms <= $nowMs OR (status = 'queued' AND next_at_ms IS NULL))
       ORDER BY received_at, id LIMIT $limit`,
      { nowMs, limit },
    )
    .map(fromRow)
}
