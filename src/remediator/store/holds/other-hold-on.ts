/** Owns finding out whether another incident has stopped the same process as well. */
import type { Database } from '../database.ts'
import { fromRow, type Hold } from './hold-row.ts'

/** The oldest of those holds. */
export function otherHoldOn(database: Database, { incident, pid, startTicks, bootId }: Hold): Hold | undefined {
  const sql = `SELECT * FROM holds
    WHERE pid = $pid AND start_ticks = $startTicks AND boot_id = $bootId AND incident <> $incident ORDER BY id LIMIT 1`
  const row = database.get(sql, { incident, pid, startTicks, bootId })
  return row && fromRow(row)
}
