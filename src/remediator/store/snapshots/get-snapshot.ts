/** Owns reading one snapshot's row by its id. */
import type { Database } from '../database.ts'
import { fromRow, type SnapshotRow } from './snapshot-row.ts'

export function getSnapshot(database: Database, id: string): SnapshotRow | undefined {
  const row = database.get('SELECT * FROM snapshots WHERE id = $id', { id })
  return row && fromRow(row)
}
