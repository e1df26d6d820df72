/** Owns remembering how far the wall clock was from the boot clock. */
import type { Database } from '../database.ts'
import { numberOf, textOf } from '../row.ts'

export interface ClockOffset {
  readonly bootId: string
  /** Wall clock less boot clock, in milliseconds. */
  readonly offsetMs: number
}

export function readClockOffset(database: Database): ClockOffset | undefined {
  const row = database.get('SELECT boot_id, offset_ms FROM clock_offset')
  return row && { bootId: textOf(row, 'boot_id'), offsetMs: numberOf(row, 'offset_ms') }
}
