/** Owns putting the kill switch back. */
import type { Database } from '../database.ts'

/** Returns false when it was not thrown. */
export function clearPause(database: Database): boolean {
  return database.run('DELETE FROM pause').changes > 0
}
