/** Owns listing incidents. */
import type { Incident } from '../../model.ts'
import type { Database } from '../database.ts'
import { COLUMNS, fromRow } from './incident-row.ts'

/** Newest first. */
export function listIncidents(database: Database, limit: number): Incident[] {
  return database.all(`SELECT ${COLUMNS} FROM incidents ORDER BY received_at DESC, id DESC LIMIT $limit`, { limit }).map(fromRow)
}
