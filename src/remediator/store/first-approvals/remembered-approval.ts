/** Owns the question what a person has said before about a policy doing something to a program. */
import type { Database } from '../database.ts'
import { fromRow, type RememberedApproval } from './first-approval-row.ts'

export interface Occasion {
  readonly policy: string
  readonly group: string
  /** In words. */
  readonly action: string
  /** The exact steps, as JSON. */
  readonly steps: string
}

/** A yes counts for exactly the steps that were asked about; a no for all that is called the same, so that an edit never undoes it. */
export function rememberedApproval(database: Database, occasion: Occasion): RememberedApproval | undefined {
  const { policy, group, action, steps } = occasion
  const sql = `SELECT * FROM first_approvals
    WHERE policy = $policy AND program = $group AND (steps = $steps OR (answer = 'deny' AND action = $action))
    ORDER BY steps IS $steps DESC, id DESC LIMIT 1`
  const row = database.get(sql, { policy, group, action, steps })
  return row && fromRow(row)
}
