/** Owns adding a snapshot to the index. */
import type { Database } from '../database.ts'
import type { SnapshotRow } from './snapshot-row.ts'

export function insertSnapshot(database: Database, snapshot: SnapshotRow): void {
  database.run(
    'INSERT INTO snapshots (id, incident, attempt, at, directory, bytes) VALUES ($id, $incident, $attempt, $at, $directory, $bytes)',
    { ...snapshot },
  )
}
