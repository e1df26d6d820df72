/**
 * Owns what an accepted choice makes of a policy: for one more attempt the ladder is that one step. Everything else of the policy,
 * its bounds and its verification, stays as it is.
 */
import type { Incident } from '../model.ts'
import type { Policy } from '../policies/policy.ts'
import { choiceOf, type Advice } from '../store/advice.ts'
import type { Database } from '../store/database.ts'

/** The choice that is to be tried, or is being tried, on an incident. */
export function trialOf(database: Database, incident: string): (Advice & { readonly chosen: NonNullable<Advice['chosen']> }) | undefined {
  const advice = choiceOf(database, incident)
  if (advice?.verdict !== 'accepted' || advice.outcome !== null || advice.chosen === null) return undefined
  return { ...advice, chosen: advice.chosen }
}

/** The policy as it counts for this incident now. */
export function advisedPolicy(database: Database, { id }: Pick<Incident, 'id'>, policy: Policy): Policy {
  if (!policy.escalate.includes('advisor')) return policy
  const trial = trialOf(database, id)
  if (trial === undefined) return policy
  // A person's first yes was for the ladder, not for what is listed beside it.
  const isOfLadder = policy.ladder.some((step) => JSON.stringify({ ...step, from_attempt: 1 }) === JSON.stringify(trial.chosen))
  const approval = policy.approval === 'first-time' && !isOfLadder ? 'always' : policy.approval
  return { ...policy, ladder: [trial.chosen], attempts: policy.attempts + 1, approval }
}
