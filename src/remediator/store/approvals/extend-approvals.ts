/** Owns giving a question more time, once: nobody could answer it while no remediator ran. */
import type { Database } from '../database.ts'

/** Open questions, not extended before, that would expire before `untilMs` get until then; so do their incidents. Returns how many. */
export function extendApprovals(database: Database, untilMs: number): number {
  return database.transaction(() => {
    const { changes } = database.run(
      'UPDATE approvals SET expires_at_ms = $untilMs, extended = 1 WHERE answer IS NULL AND extended = 0 AND expires_at_ms < $untilMs',
      { untilMs },
    )
    database.run(
      `UPDATE incidents SET next_at_ms = $untilMs WHERE status = 'awaiting_approval' AND next_at_ms < $untilMs
         AND id IN (SELECT incident FROM approvals WHERE answer IS NULL AND extended = 1 AND expires_at_ms = $untilMs)`,
      { untilMs },
    )
    return changes
  })
}
