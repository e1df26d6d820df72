/** Owns taking back what a person once said for all times: the next time somebody is asked again. */
import type { Clock } from '../lib/clock.ts'
import type { Journal } from './audit/journal.ts'
import type { How } from './store/approvals.ts'
import type { Database } from './store/database.ts'
import { forgetApproval } from './store/first-approvals.ts'
import type { RememberedApproval } from './store/first-approvals/first-approval-row.ts'

/** Undefined when there is no such answer. */
export function revokeApproval(
  id: number,
  { by, how }: { readonly by: string; readonly how: How },
  { database, journal }: { readonly database: Database; readonly journal: Journal; readonly clock: Clock },
): RememberedApproval | undefined {
  const forgotten = database.transaction(() => {
    const remembered = forgetApproval(database, id)
    if (!remembered) return undefined
    const { policy, group, action, answer } = remembered
    const text = `${by} revoked that ${policy} ${answer === 'approve' ? 'may' : 'may not'} ${action} ${group} without asking; a person is asked again.`
    journal.record('approval.revoked', null, text, { by, how, id, policy, program: group, action, answer })
    return remembered
  })
  journal.flush()
  return forgotten
}
