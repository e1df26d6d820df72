/** Owns the question whether the kill switch is thrown. */
import type { Database } from '../database.ts'
import { textOf } from '../row.ts'

export interface Pause {
  /** Who threw it, for the record. */
  readonly by: string
  /** ISO 8601. */
  readonly at: string
  readonly why: string
}

/** Who paused everything, or undefined when nothing is paused. */
export function pausedBy(database: Database): Pause | undefined {
  const row = database.get('SELECT given_by, at, why FROM pause')
  return row && { by: textOf(row, 'given_by'), at: textOf(row, 'at'), why: textOf(row, 'why') }
}
