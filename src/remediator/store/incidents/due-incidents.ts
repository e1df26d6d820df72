/** Owns the question by which the worker finds its work. */
import type { Incident } from '../../model.ts'
import type { Database } from '../database.ts'
import { COLUMNS, fromRow } from './incident-row.ts'

/** How many of those that wait are compared; the question is asked after each piece of work. */
const COMPARED_MAX = 500

/**
 * Incidents that are due: queued, or deferred or awaiting approval until now. Those that name a process come first: for a folder,
 * somebody is looked for over seconds, and a tree with copies has many folders. Of equals the oldest.
 */
export function dueIncidents(database: Database, nowMs: number, limit: number): Incident[] {
  return database
    .all(
      `SELECT ${COLUMNS} FROM (
         SELECT ${COLUMNS} FROM incidents INDEXED BY incidents_open
         WHERE status IN ('queued', 'deferred', 'awaiting_approval')
           AND (next_at_ms <= $nowMs OR (status = 'queued' AND next_at_ms IS NULL))
         ORDER BY received_at, id LIMIT ${COMPARED_MAX})
       ORDER BY body -> 'labels' ->> 'pid' IS NULL, received_at, id LIMIT $limit`,
      { nowMs, limit },
    )
    .map(fromRow)
}
