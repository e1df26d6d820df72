/** Owns throwing the kill switch. */
import type { Database } from '../database.ts'
import type { Pause } from './paused-by.ts'

/** Returns false, and changes nothing, when it was thrown already. */
export function setPause(database: Database, pause: Pause): boolean {
  return database.run('INSERT OR IGNORE INTO pause (only, given_by, at, why) VALUES (1, $by, $at, $why)', { ...pause }).changes > 0
}
