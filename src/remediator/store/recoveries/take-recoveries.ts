/** Owns taking the incidents that are over, with all that was to be done about them, and that nobody has been told of. */
import type { Database } from '../database.ts'
import { textOf } from '../row.ts'

/** At most `limit`, the oldest first; they are gone afterwards. Call it in the transaction that deals with them. */
export function takeRecoveries(database: Database, limit: number): Array<{ readonly incident: string; readonly at: string }> {
  const sql = `SELECT incident, at FROM recoveries WHERE NOT EXISTS (SELECT 1 FROM incidents WHERE incidents.id = incident
      AND status IN ('queued', 'deferred', 'awaiting_approval')) ORDER BY rowid LIMIT $limit`
  const rows = database.all(sql, { limit })
  return rows.map((row) => {
    const incident = textOf(row, 'incident')
    database.run('DELETE FROM recoveries WHERE incident = $incident', { incident })
    return { incident, at: textOf(row, 'at') }
  })
}
