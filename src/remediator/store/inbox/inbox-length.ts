/** Owns counting what waits in the inbox. */
import type { Database } from '../database.ts'

export function inboxLength(database: Database): number {
  return Number(database.get('SELECT count(*) AS n FROM inbox')?.['n'] ?? 0)
}
