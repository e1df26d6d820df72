/** Owns remembering what a person said about a policy doing something to a program. */
import type { Database } from '../database.ts'
import type { NewRememberedApproval } from './first-approval-row.ts'

/** What was said with "always" replaces what was there; else the first answer stays. */
export function rememberApproval(database: Database, approval: NewRememberedApproval): void {
  const values = { ...approval, standing: approval.standing ? 1 : 0 }
  const insert = approval.standing ? 'INSERT OR REPLACE' : 'INSERT OR IGNORE'
  database.run(
    `${insert} INTO first_approvals (policy, program, action, steps, answer, standing, given_by, how, incident, at)
     VALUES ($policy, $group, $action, $steps, $answer, $standing, $by, $how, $incident, $at)`,
    values,
  )
}
