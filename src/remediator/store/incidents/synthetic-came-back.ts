/** Owns the question whether a synthetic alert has become an incident that is closed. */
import type { Database } from '../database.ts'
import { SYNTHETIC_ALERT } from '../../synthetic.ts'

export function syntheticCameBack(database: Database, nonce: string): boolean {
  const sql = `SELECT 1 FROM incidents
    WHERE body ->> 'alertname' = '${SYNTHETIC_ALERT}' AND body -> 'labels' ->> 'nonce' = $nonce AND body ->> 'closedAt' IS NOT NULL`
  return database.get(sql, { nonce }) !== undefined
}
