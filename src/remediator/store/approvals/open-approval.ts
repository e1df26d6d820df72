/** Owns writing down that a person is asked. */
import type { Database } from '../database.ts'
import type { NewApproval } from './approval-row.ts'

/** Returns the question's id. An incident has at most one that is open. */
export function openApproval(database: Database, approval: NewApproval): number {
  return database.run(
    `INSERT INTO approvals (incident, attempt, policy, action, steps, program, target, target_key, boot_id, why, frozen, on_expiry, may_stand, asked_at_ms, expires_at_ms)
     VALUES ($incident, $attempt, $policy, $action, $steps, $program, $target, $targetKey, $bootId, $why, $frozen, $onExpiry, $mayStand, $askedAtMs, $expiresAtMs)`,
    { ...approval, mayStand: approval.mayStand ? 1 : 0 },
  ).lastId
}
