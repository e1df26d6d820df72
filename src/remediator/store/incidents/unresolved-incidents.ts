/** Owns finding incidents whose alert was never said to be over. */
import type { Incident } from '../../model.ts'
import type { Database } from '../database.ts'
import { COLUMNS, fromRow } from './incident-row.ts'

/** Incidents whose alert has not resolved, received within a range of time (ISO 8601), oldest first, at most `limit`. */
export function unresolvedIncidents(database: Database, receivedAfter: string, receivedBefore: string, limit: number): Incident[] {
  const sql = `SELECT ${COLUMNS} FROM incidents
    WHERE resolved_at IS NULL AND received_at > $receivedAfter AND received_at < $receivedBefore
    ORDER BY received_at LIMIT $limit`
  return database.all(sql, { receivedAfter, receivedBefore, limit }).map(fromRow)
}
