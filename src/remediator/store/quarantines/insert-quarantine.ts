/** Owns adding a quarantine to the index, and that it lies elsewhere than where it was begun. */
import type { Database } from '../database.ts'
import type { QuarantineRow } from './quarantine-row.ts'

/** Of one that is in the index already only the directory changes: its first place could not take the files. */
export function insertQuarantine(database: Database, quarantine: QuarantineRow): void {
  database.run(
    `INSERT INTO quarantines (id, incident, directory, at, expires_at_ms, files, bytes, restored, status)
     VALUES ($id, $incident, $directory, $at, $expiresAtMs, $files, $bytes, $restored, $status)
     ON CONFLICT (id) DO UPDATE SET directory = excluded.directory`,
    { ...quarantine },
  )
}
