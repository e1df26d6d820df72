/** Owns finding incidents that are still worked on although their alert may be over. */
import type { Incident } from '../../model.ts'
import type { Database } from '../database.ts'
import { COLUMNS, fromRow } from './incident-row.ts'

/** Open incidents whose alert has not resolved, received before a moment (ISO 8601), oldest first, at most `limit`. */
export function unresolvedOpenIncidents(database: Database, receivedBefore: string, limit: number): Incident[] {
  const sql = `SELECT ${COLUMNS} FROM incidents
    WHERE status IN ('queued', 'deferred', 'awaiting_approval') AND resolved_at IS NULL AND received_at < $receivedBefore
    ORDER BY received_at LIMIT $limit`
  return database.all(sql, { receivedBefore, limit }).map(fromRow)
}
