/** Owns adding a quarantine to the index. */
import type { Database } from '../database.ts'
import type { QuarantineRow } from './quarantine-row.ts'

export function insertQuarantine(database: Database, quarantine: QuarantineRow): void {
  database.run(
    `INSERT INTO quarantines (id, incident, directory, at, expires_at_ms, files, bytes, restored, status)
     VALUES ($id, $incident, $directory, $at, $expiresAtMs, $files, $bytes, $restored, $status)`,
    { ...quarantine },
  )
}
