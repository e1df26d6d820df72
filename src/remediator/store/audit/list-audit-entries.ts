/** Owns listing audit entries, filtered and in pages. */
import type { AuditEntry } from '../../model.ts'
import type { Database } from '../database.ts'
import { fromRow } from './audit-row.ts'

/** What is left out does not filter. */
export interface AuditFilter {
  readonly incident?: string | undefined
  readonly event?: string | undefined
  /** At or after (ISO 8601). */
  readonly since?: string | undefined
  /** Before (ISO 8601). */
  readonly until?: string | undefined
}

/** Entries with seq greater than `after`, in order. */
export function listAuditEntries(database: Database, limit: number, filter: AuditFilter = {}, after = 0): AuditEntry[] {
  const sql = `SELECT * FROM audit
    WHERE seq > $after
      AND ($incident IS NULL OR incident = $incident)
      AND ($event IS NULL OR event = $event)
      AND ($since IS NULL OR at >= $since)
      AND ($until IS NULL OR at < $until)
    ORDER BY seq LIMIT $limit`
  return database
    .all(sql, {
      after,
      incident: filter.incident ?? null,
      event: filter.event ?? null,
      since: filter.since ?? null,
      until: filter.until ?? null,
      limit,
    })
    .map(fromRow)
}
