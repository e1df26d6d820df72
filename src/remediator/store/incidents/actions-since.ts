/** Owns counting incidents that something was done about, and those of them that it did not help. */
import type { Database } from '../database.ts'
import { numberOf } from '../row.ts'

/** Closed since a moment (ISO 8601). */
export function actionsSince(database: Database, since: string): { readonly acted: number; readonly failed: number } {
  const row = database.get(
    `SELECT count(*) AS acted, coalesce(sum(body ->> 'outcome' = 'failed'), 0) AS failed FROM incidents
     WHERE status = 'done' AND attempts > 0 AND body ->> 'decision' = 'act' AND body ->> 'closedAt' >= $since`,
    { since },
  )
  return row === undefined ? { acted: 0, failed: 0 } : { acted: numberOf(row, 'acted'), failed: numberOf(row, 'failed') }
}
