/** Owns how the index of a quarantine lies in the store; its manifest is a file beside what was moved. Runs no SQL. */
import { z } from 'zod'
import { numberOf, textOf, type Row } from '../row.ts'

export const QuarantineStatus = z.enum(['open', 'restored', 'expired'])

export interface QuarantineRow {
  readonly id: string
  readonly incident: string
  readonly directory: string
  /** ISO 8601. */
  readonly at: string
  /** Wall clock. */
  readonly expiresAtMs: number
  readonly files: number
  readonly bytes: number
  /** Files that were put back. */
  readonly restored: number
  readonly status: z.infer<typeof QuarantineStatus>
}

export function fromRow(row: Row): QuarantineRow {
  return {
    id: textOf(row, 'id'),
    incident: textOf(row, 'incident'),
    directory: textOf(row, 'directory'),
    at: textOf(row, 'at'),
    expiresAtMs: numberOf(row, 'expires_at_ms'),
    files: numberOf(row, 'files'),
    bytes: numberOf(row, 'bytes'),
    restored: numberOf(row, 'restored'),
    status: QuarantineStatus.parse(row['status']),
  }
}
