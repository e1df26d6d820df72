/** Owns finding incidents by the beginning of their id. */
import type { Database } from '../database.ts'
import { textOf } from '../row.ts'

/** The id itself when it is whole, else those that begin so, at most `limit`. */
export function findIncidentIds(database: Database, beginning: string, limit: number): string[] {
  if (beginning === '') return []
  const sql = 'SELECT id FROM incidents WHERE substr(id, 1, length($beginning)) = $beginning ORDER BY id = $beginning DESC, id LIMIT $limit'
  const ids = database.all(sql, { beginning, limit }).map((row) => textOf(row, 'id'))
  return ids[0] === beginning ? [beginning] : ids
}
