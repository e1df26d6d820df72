/** Owns finding snapshots that have been kept long enough. */
import type { Database } from '../database.ts'
import { fromRow, type SnapshotRow } from './snapshot-row.ts'

const BATCH = 100

/** Those taken before a moment (ISO 8601), oldest first. */
export function expiredSnapshots(database: Database, before: string): SnapshotRow[] {
  return database.all(`SELECT * FROM snapshots WHERE at < $before ORDER BY at LIMIT ${BATCH}`, { before }).map(fromRow)
}
