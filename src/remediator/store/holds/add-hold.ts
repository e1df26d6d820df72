/** Owns writing down that a process is about to be stopped by SIGSTOP. */
import type { Database } from '../database.ts'
import type { Hold } from './hold-row.ts'

/** Returns the hold's id. Durable before the signal, so that nothing stays stopped that nobody knows of. */
export function addHold(database: Database, hold: Omit<Hold, 'id'>): number {
  return database.run(
    `INSERT INTO holds (incident, kind, program, pid, start_ticks, boot_id, at)
     VALUES ($incident, $kind, $group, $pid, $startTicks, $bootId, $at)`,
    { ...hold },
  ).lastId
}
