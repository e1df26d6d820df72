/** Owns listing audit entries from the newest back, filtered and in pages. */
import type { AuditEntry } from '../../model.ts'
import type { Database } from '../database.ts'
import { fromRow } from './audit-row.ts'

/** What is left out does not filter. */
export interface AuditSearch {
  readonly incident?: string | undefined
  readonly event?: string | undefined
  /** Part of the sentence; capitals do not matter. */
  readonly text?: string | undefined
}

export interface FoundEntries {
  readonly entries: readonly AuditEntry[]
  /** Entries with a smaller seq are yet to be searched; undefined when there is none. */
  readonly before: number | undefined
}

const SCANNED_MAX = 20_000

/** Newest first, with seq smaller than `before`. */
export function newestAuditEntries(database: Database, limit: number, search: AuditSearch, before?: number): FoundEntries {
  const newest = Number(database.get('SELECT max(seq) AS seq FROM audit')?.['seq'] ?? 0)
  const top = Math.min(before ?? newest + 1, newest + 1)
  // An incident's own entries are found by their index; anything else by looking at a bounded piece of the trail.
  const bottom = search.incident === undefined ? Math.max(0, top - SCANNED_MAX) : 0
  const sql = `SELECT * FROM audit
    WHERE seq < $top AND seq >= $bottom
      AND ($incident IS NULL OR incident = $incident)
      AND ($event IS NULL OR event = $event)
      AND ($text IS NULL OR instr(lower(text), $text) > 0)
    ORDER BY seq DESC LIMIT $limit`
  const rows = database.all(sql, {
    top,
    bottom,
    incident: search.incident ?? null,
    event: search.event ?? null,
    text: search.text?.toLowerCase() ?? null,
    limit: limit + 1,
  })
  const entries = rows.slice(0, limit).map(fromRow)
  const last = entries.at(-1)
  if (rows.length > limit && last) return { entries, before: last.seq }
  return { entries, before: bottom > 1 ? bottom : undefined }
}

/** The kinds of entries that there are, for a person to choose from. */
export function auditEvents(database: Database): string[] {
  const sql = `SELECT DISTINCT event FROM (SELECT event FROM audit ORDER BY seq DESC LIMIT ${SCANNED_MAX}) ORDER BY event LIMIT 200`
  return database.all(sql).map((row) => String(row['event']))
}
