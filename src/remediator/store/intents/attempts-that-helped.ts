/** Owns counting how often attempts with an action helped against what an incident was diagnosed as. */
import type { Database } from '../database.ts'
import { numberOf, textOf } from '../row.ts'

interface ActionRecord {
  /** Attempts that had the action among their steps and whose outcome is known. */
  readonly attempts: number
  readonly helped: number
}

const HELPED = "('killed', 'frozen', 'thawed', 'restarted', 'quarantined', 'reaped', 'executed')"
const INCIDENTS_MAX = 1_000

/** By action, over the newest incidents of that diagnosis. An attempt's outcome is that of its last step, which is told after verification. */
export function attemptsThatHelped(database: Database, diagnosis: string): Map<string, ActionRecord> {
  const sql = `WITH
    alike AS (SELECT incident FROM diagnoses WHERE name = $diagnosis ORDER BY at DESC LIMIT ${INCIDENTS_MAX}),
    ended AS (
      SELECT intents.incident, intents.attempt, intents.outcome, max(intents.step) FROM intents JOIN alike USING (incident)
      GROUP BY intents.incident, intents.attempt
    )
    SELECT intents.action, count(*) AS attempts, sum(ended.outcome IN ${HELPED}) AS helped
    FROM intents JOIN ended USING (incident, attempt)
    WHERE ended.outcome IN ${HELPED} OR ended.outcome = 'failed'
    GROUP BY intents.action`
  return new Map(
    database
      .all(sql, { diagnosis })
      .map((row) => [textOf(row, 'action'), { attempts: numberOf(row, 'attempts'), helped: numberOf(row, 'helped') }]),
  )
}
