/** Owns the question since when something waits in the inbox. */
import type { Database } from '../database.ts'
import { textOf } from '../row.ts'

/** When the oldest entry arrived (ISO 8601), or undefined when none waits. */
export function oldestInboxEntry(database: Database): string | undefined {
  const row = database.get('SELECT received_at FROM inbox ORDER BY id LIMIT 1')
  return row && textOf(row, 'received_at')
}
