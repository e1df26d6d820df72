/** Owns closing what an incident was handed to a person for. */
import type { Database } from '../database.ts'
import type { How } from '../approvals/approval-row.ts'

/** Returns how many were open. `at` is ISO 8601. */
export function closeHumanAlerts(
  database: Database,
  incident: string,
  { by, how, at }: { readonly by: string; readonly how: How; readonly at: string },
): number {
  const sql = `UPDATE escalations SET closed_at = $at, closed_by = $by, closed_how = $how
    WHERE incident = $incident AND level = 'person' AND closed_at IS NULL`
  return database.run(sql, { incident, by, how, at }).changes
}
