/** Owns how an audit entry lies in the store. Runs no SQL. */
import { z } from 'zod'
import type { AuditEntry } from '../../model.ts'
import { numberOf, textOf, textOrNull, type Row } from '../row.ts'

export function fromRow(row: Row): AuditEntry {
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
export function parseData(text: string): Record<string, unknown> {
  try {
    return Data.parse(JSON.parse(text))
  } catch {
    return { unreadable: text }
  }
}
