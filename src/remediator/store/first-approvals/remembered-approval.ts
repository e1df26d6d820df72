/** Owns the question what a person has said before about a policy doing something to a program. */
import type { Database } from '../database.ts'
import { fromRow, type RememberedApproval } from './first-approval-row.ts'

export interface Occasion {
  readonly policy: string
  readonly group: string
  readonly action: string
}

export function rememberedApproval(database: Database, { policy, group, action }: Occasion): RememberedApproval | undefined {
  const sql = 'SELECT * FROM first_approvals WHERE policy = $policy AND program = $group AND action = $action'
  const row = database.get(sql, { policy, group, action })
  return row && fromRow(row)
}
