/** Owns taking back an audit entry that was in a store before. */
import type { AuditEntry } from '../../model.ts'
import type { Database } from '../database.ts'

/** Writes the entry as it is; whether it continues the chain is for the caller to know. */
export function importAuditEntry(database: Database, entry: AuditEntry): void {
  database.run(
    'INSERT INTO audit (seq, at, event, incident, text, data, prev, hash) VALUES ($seq, $at, $event, $incident, $text, $data, $prev, $hash)',
    { ...entry, data: JSON.stringify(entry.data) },
  )
}
