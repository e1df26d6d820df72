/** Owns remembering a person's first yes to a policy acting on a program. */
import type { Database } from '../database.ts'

export interface FirstApproval {
  readonly policy: string
  readonly group: string
  readonly by: string
  /** ISO 8601. */
  readonly at: string
}

/** The first one stays; later ones change nothing. */
export function rememberApproval(database: Database, approval: FirstApproval): void {
  database.run('INSERT OR IGNORE INTO first_approvals (policy, program, given_by, at) VALUES ($policy, $group, $by, $at)', { ...approval })
}
