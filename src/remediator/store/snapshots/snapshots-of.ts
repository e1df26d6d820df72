/** Owns finding the snapshots of one incident. */
import type { Database } from '../database.ts'
import { fromRow, type SnapshotRow } from './snapshot-row.ts'

/** Oldest first. */
export function snapshotsOf(database: Database, incident: string): SnapshotRow[] {
  return database.all('SELECT * FROM snapshots WHERE incident = $incident ORDER BY at, id', { incident }).map(fromRow)
}
