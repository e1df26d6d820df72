/** Owns finding incidents whose target was stopped lately. */
import type { Incident } from '../../model.ts'
import type { Database } from '../database.ts'
import { COLUMNS, fromRow } from './incident-row.ts'

/** Incidents received since a moment (ISO 8601) that ended with their target killed. */
export function killedSince(database: Database, receivedSince: string): Incident[] {
  return database
    .all(`SELECT ${COLUMNS} FROM incidents WHERE received_at >= $receivedSince AND body ->> 'outcome' = 'killed'`, { receivedSince })
    .map(fromRow)
}
