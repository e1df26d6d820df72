/** Owns the question whether a person has said yes to a policy acting on a program before. */
import type { Database } from '../database.ts'

export function isRemembered(database: Database, policy: string, group: string): boolean {
  return database.get('SELECT 1 FROM first_approvals WHERE policy = $policy AND program = $group', { policy, group }) !== undefined
}
