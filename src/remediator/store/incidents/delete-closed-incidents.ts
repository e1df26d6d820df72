/** Owns removing incidents that were closed long ago, with what belongs to them. */
import type { Database } from '../database.ts'
import { textOf } from '../row.ts'

/** What can still be undone or looked at is kept: a quarantine whose files are there, a snapshot, a stopped process, a call for a person. */
const CANDIDATES = `SELECT id FROM incidents
  WHERE status IN ('done', 'cancelled') AND body ->> 'closedAt' < $closedBefore
    AND NOT EXISTS (SELECT 1 FROM quarantines WHERE quarantines.incident = incidents.id AND quarantines.status <> 'expired')
    AND NOT EXISTS (SELECT 1 FROM snapshots WHERE snapshots.incident = incidents.id)
    AND NOT EXISTS (SELECT 1 FROM holds WHERE holds.incident = incidents.id)
    AND NOT EXISTS (SELECT 1 FROM escalations WHERE escalations.incident = incidents.id AND level = 'person' AND closed_at IS NULL)
  ORDER BY received_at LIMIT $limit`

const BELONGINGS = [
  'DELETE FROM intents WHERE incident = $id',
  'DELETE FROM outbox WHERE incident = $id AND (sent_at_ms IS NOT NULL OR digest IS NOT NULL OR given_up_at_ms IS NOT NULL)',
  'DELETE FROM escalations WHERE incident = $id',
  'DELETE FROM approvals WHERE incident = $id',
  'DELETE FROM diagnoses WHERE incident = $id',
  'DELETE FROM ladder_orders WHERE incident = $id',
  'DELETE FROM quarantines WHERE incident = $id',
  'DELETE FROM advice WHERE incident = $id',
  'DELETE FROM incidents WHERE id = $id',
]

/** At most `limit` that were closed before a moment (ISO 8601); returns how many. Call it in a transaction. */
export function deleteClosedIncidents(database: Database, closedBefore: string, limit: number): number {
  const ids = database.all(CANDIDATES, { closedBefore, limit }).map((row) => textOf(row, 'id'))
  for (const id of ids) for (const sql of BELONGINGS) database.run(sql, { id })
  return ids.length
}
