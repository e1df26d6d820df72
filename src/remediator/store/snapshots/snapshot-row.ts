/** Owns how the index of a snapshot lies in the store; the snapshot itself is a folder. Runs no SQL. */
import { numberOf, textOf, type Row } from '../row.ts'

export interface SnapshotRow {
  readonly id: string
  readonly incident: string
  readonly attempt: number
  /** ISO 8601. */
  readonly at: string
  readonly directory: string
  readonly bytes: number
}

export function fromRow(row: Row): SnapshotRow {
  return {
    id: textOf(row, 'id'),
    incident: textOf(row, 'incident'),
    attempt: numberOf(row, 'attempt'),
    at: textOf(row, 'at'),
    directory: textOf(row, 'directory'),
    bytes: numberOf(row, 'bytes'),
  }
}
