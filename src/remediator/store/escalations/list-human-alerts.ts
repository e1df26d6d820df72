/** Owns finding what waits for a person. */
import type { Database } from '../database.ts'
import { humanAlertFromRow, type HumanAlert } from './escalation-row.ts'

const LISTED_MAX = 1_000

/** Open escalations of level `person`, oldest first. */
export function listHumanAlerts(database: Database): HumanAlert[] {
  const sql = `SELECT * FROM escalations WHERE closed_at IS NULL AND level = 'person' ORDER BY id LIMIT ${LISTED_MAX}`
  return database.all(sql).map(humanAlertFromRow)
}

/** Those of them that need something done by `soonMs`: their file, a first mail, or another one. */
export function dueHumanAlerts(database: Database, soonMs: number): HumanAlert[] {
  const sql = `SELECT * FROM escalations WHERE closed_at IS NULL AND level = 'person'
    AND (file IS NULL OR next_at_ms IS NULL OR next_at_ms <= $soonMs) ORDER BY id LIMIT ${LISTED_MAX}`
  return database.all(sql, { soonMs }).map(humanAlertFromRow)
}
