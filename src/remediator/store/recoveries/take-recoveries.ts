/** Owns taking the incidents that are over and that nobody has been told of. */
import type { Database } from '../database.ts'
import { textOf } from '../row.ts'

/** At most `limit`, the oldest first; they are gone afterwards. Call it in the transaction that deals with them. */
export function takeRecoveries(database: Database, limit: number): Array<{ readonly incident: string; readonly at: string }> {
  const rows = database.all('SELECT incident, at FROM recoveries ORDER BY rowid LIMIT $limit', { limit })
  return rows.map((row) => {
    const incident = textOf(row, 'incident')
    database.run('DELETE FROM recoveries WHERE incident = $incident', { incident })
    return { incident, at: textOf(row, 'at') }
  })
}
