/** Owns finding the newest episode of an alert. */
import type { Incident } from '../../model.ts'
import type { Database } from '../database.ts'
import { COLUMNS, fromRow } from './incident-row.ts'

/** The newest episode of a fingerprint. */
export function latestEpisode(database: Database, fingerprint: string): Incident | undefined {
  const row = database.get(`SELECT ${COLUMNS} FROM incidents WHERE fingerprint = $fingerprint ORDER BY episode DESC LIMIT 1`, {
    fingerprint,
  })
  return row && fromRow(row)
}
