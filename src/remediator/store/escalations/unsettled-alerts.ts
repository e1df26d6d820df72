/** Owns finding calls that have been acknowledged while their file still says otherwise. */
import type { Database } from '../database.ts'
import { humanAlertFromRow, type HumanAlert } from './escalation-row.ts'

const BATCH = 100

export function unsettledAlerts(database: Database): HumanAlert[] {
  const sql = `SELECT * FROM escalations WHERE closed_at IS NOT NULL AND file IS NOT NULL AND file_settled = 0 ORDER BY id LIMIT ${BATCH}`
  return database.all(sql).map(humanAlertFromRow)
}
