/** Owns finding the incidents that are of interest now, of each alert the newest. */
import type { Incident } from '../../model.ts'
import type { Database } from '../database.ts'
import { COLUMNS, fromRow } from './incident-row.ts'

/** Of so many of the newest incidents those are picked that are still of interest: a bound on what is read at each scrape. */
const LOOKED_AT_PER_FOUND = 4

/**
 * Incidents that are open, whose alert has not resolved, or that were received since a moment (ISO 8601). Of each alert only
 * the newest; open ones first, then newest first, at most `limit`.
 */
export function currentIncidents(database: Database, receivedSince: string, limit: number): Incident[] {
  const sql = `SELECT ${COLUMNS} FROM incidents
    WHERE id IN (
        SELECT id FROM (SELECT id FROM incidents INDEXED BY incidents_open
          WHERE status IN ('queued', 'deferred', 'awaiting_approval') ORDER BY received_at DESC, id DESC LIMIT $limit)
        UNION
        SELECT id FROM (SELECT id FROM incidents ORDER BY received_at DESC LIMIT $lookedAt)
      )
      AND (status IN ('queued', 'deferred', 'awaiting_approval') OR resolved_at IS NULL OR received_at >= $receivedSince)
      AND NOT EXISTS (
        SELECT 1 FROM incidents AS newer WHERE newer.fingerprint = incidents.fingerprint AND newer.episode > incidents.episode
      )
    ORDER BY status IN ('done', 'cancelled'), received_at DESC, id DESC LIMIT $limit`
  return database.all(sql, { receivedSince, limit, lookedAt: limit * LOOKED_AT_PER_FOUND }).map(fromRow)
}
