/** Owns writing down how far the wall clock is from the boot clock. */
import type { ClockOffset } from './read-clock-offset.ts'
import type { Database } from '../database.ts'

export function writeClockOffset(database: Database, offset: ClockOffset): void {
  database.run('INSERT OR REPLACE INTO clock_offset (only, boot_id, offset_ms) VALUES (1, $bootId, $offsetMs)', { ...offset })
}
