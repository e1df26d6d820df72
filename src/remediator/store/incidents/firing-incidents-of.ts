/** Owns finding what else fires about a program. */
import type { Incident } from '../../model.ts'
import type { Database } from '../database.ts'
import { COLUMNS, fromRow } from './incident-row.ts'

const FOUND_MAX = 100

/** Unresolved incidents whose label `group` is this one, received since a moment (ISO 8601), newest first. */
export function firingIncidentsOf(database: Database, group: string, receivedSince: string): Incident[] {
  const sql = `SELECT ${COLUMNS} FROM incidents
    WHERE received_at >= $receivedSince AND resolved_at IS NULL AND body -> 'labels' ->> 'group' = $group
    ORDER BY received_at DESC LIMIT ${FOUND_MAX}`
  return database.all(sql, { receivedSince, group }).map(fromRow)
}
