/** Owns appending to the audit table. Nothing there is ever changed or removed. */
import { GENESIS, hashEntry, type UnhashedEntry } from '../../audit/chain.ts'
import type { AuditEntry } from '../../model.ts'
import type { Database } from '../database.ts'
import { parseData } from './audit-row.ts'
import { lastAuditEntry } from './last-audit-entry.ts'

export interface NewAuditEntry {
  readonly at: string
  readonly event: string
  readonly incident: string | null
  readonly text: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Appends in the caller's transaction, or in one of its own. */
export function appendAuditEntry(database: Database, entry: NewAuditEntry): AuditEntry {
  return database.transaction(() => {
    const last = lastAuditEntry(database)
    // What is hashed is what a reader will parse back: data goes through JSON once, so that undefined and Dates cannot differ.
    const data = JSON.stringify(entry.data)
    // The store keeps text as UTF-8, which has no half of a surrogate pair: strangers' names may hold one.
    const text = entry.text.toWellFormed()
    const unhashed: UnhashedEntry = {
      ...entry,
      text,
      data: parseData(data),
      seq: (last?.seq ?? 0) + 1,
      prev: last?.hash ?? GENESIS,
    }
    const hash = hashEntry(unhashed)
    database.run(
      'INSERT INTO audit (seq, at, event, incident, text, data, prev, hash) VALUES ($seq, $at, $event, $incident, $text, $data, $prev, $hash)',
      {
        seq: unhashed.seq,
        at: entry.at,
        event: entry.event,
        incident: entry.incident,
        text,
        data,
        prev: unhashed.prev,
        hash,
      },
    )
    return { ...unhashed, hash }
  })
}
