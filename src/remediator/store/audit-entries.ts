/** Owns the audit table: appending an entry to the chain, and reading entries in order. Nothing is ever changed or removed. */
import { z } from 'zod'
import { GENESIS, hashEntry, type UnhashedEntry } from '../audit/chain.ts'
import type { AuditEntry } from '../model.ts'
import type { Database } from './database.ts'
import { numberOf, textOf, textOrNull, type Row } from './row.ts'

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
    const unhashed: UnhashedEntry = {
      ...entry,
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
        text: entry.text,
        data,
        prev: unhashed.prev,
        hash,
      },
    )
    return { ...unhashed, hash }
  })
}

export function lastAuditEntry(database: Database): AuditEntry | undefined {
  const row = database.get('SELECT * FROM audit ORDER BY seq DESC LIMIT 1')
  return row && fromRow(row)
}

/** Entries with seq greater than `after`, in order, one at a time. */
export function* auditEntriesAfter(database: Database, after: number): Generator<AuditEntry> {
  for (const row of database.iterate('SELECT * FROM audit WHERE seq > $after ORDER BY seq', { after })) yield fromRow(row)
}

export function auditEntriesOf(database: Database, incident: string): AuditEntry[] {
  return database.all('SELECT * FROM audit WHERE incident = $incident ORDER BY seq', { incident }).map(fromRow)
}

function fromRow(row: Row): AuditEntry {
  return {
    seq: numberOf(row, 'seq'),
    at: textOf(row, 'at'),
    event: textOf(row, 'event'),
    incident: textOrNull(row, 'incident'),
    text: textOf(row, 'text'),
    data: parseData(textOf(row, 'data')),
    prev: textOf(row, 'prev'),
    hash: textOf(row, 'hash'),
  }
}

const Data = z.record(z.string(), z.unknown())

/** Somebody may have written into the table: what is not an object cannot match its hash, and must not stop the check. */
function parseData(text: string): Record<string, unknown> {
  try {
    return Data.parse(JSON.parse(text))
  } catch {
    return { unreadable: text }
  }
}
