/** Owns the question which of some alerts fire now. */
import type { Database } from '../database.ts'
import { textOf } from '../row.ts'

const LISTED_MAX = 50

/** By name and when it began, oldest first. */
export function firingAlerts(
  database: Database,
  names: readonly string[],
): Array<{ readonly alertname: string; readonly since: string; readonly summary: string }> {
  const sql = `SELECT body ->> 'alertname' AS name, started_at, coalesce(body -> 'annotations' ->> 'summary', '') AS summary FROM incidents
    WHERE resolved_at IS NULL AND body ->> 'alertname' IN (SELECT value FROM json_each($names)) ORDER BY started_at LIMIT ${LISTED_MAX}`
  return database
    .all(sql, { names: JSON.stringify(names) })
    .map((row) => ({ alertname: textOf(row, 'name'), since: textOf(row, 'started_at'), summary: textOf(row, 'summary') }))
}
