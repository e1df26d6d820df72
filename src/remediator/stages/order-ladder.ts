/** Owns in which order the ladder of a policy with `order: learned` is walked for an incident: decided once, kept, and told. */
import type { Incident } from '../model.ts'
import { inOrder, learnedOrder } from '../policies/learned-order.ts'
import type { Policy } from '../policies/policy.ts'
import type { Database } from '../store/database.ts'
import { diagnosisOf } from '../store/diagnoses.ts'
import { attemptsThatHelped } from '../store/intents.ts'
import { keepLadderOrder, ladderOrderOf, type LadderOrder } from '../store/ladder-orders.ts'

export interface OrderLadder {
  /** With the order that was decided for the incident before, if any. */
  asDecided(policy: Policy, incident: Incident): Policy
  /** Decides it, unless that was done; waits a moment for a diagnosis where there is none yet. */
  decide(policy: Policy, incident: Incident, signal: AbortSignal): Promise<{ readonly policy: Policy; readonly reason?: string }>
}

export interface OrderLadderOptions {
  readonly database: Database
  /** Resolves when a diagnosis was tried, after a moment at most. */
  readonly diagnose: (incident: Incident, signal: AbortSignal) => Promise<void>
}

export function createOrderLadder({ database, diagnose }: OrderLadderOptions): OrderLadder {
  const apply = (policy: Policy, order: LadderOrder): Policy =>
    order.policy === policy.name && isOf(policy, order.steps) ? { ...policy, ladder: inOrder(policy.ladder, order.steps) } : policy
  return {
    asDecided: (policy, incident) => {
      const order = policy.order === 'learned' ? ladderOrderOf(database, incident.id) : undefined
      return order ? apply(policy, order) : policy
    },
    decide: async (policy, incident, signal) => {
      if (policy.order !== 'learned' || policy.ladder.length < 2) return { policy }
      const known = ladderOrderOf(database, incident.id)
      if (known?.policy === policy.name) return { policy: apply(policy, known) }
      await diagnose(incident, signal)
      const diagnosis = diagnosisOf(database, incident.id)
      const { steps, reason } =
        diagnosis === undefined || diagnosis.name === 'unknown'
          ? { steps: policy.ladder.map((_step, index) => index), reason: 'The ladder is walked as written: what is wrong is not known.' }
          : learnedOrder(policy, diagnosis.name, attemptsThatHelped(database, diagnosis.name))
      const order = { policy: policy.name, steps, reason }
      database.transaction(() => keepLadderOrder(database, incident.id, order))
      return { policy: apply(policy, order), reason }
    },
  }
}

/** The policy may have been changed since. */
function isOf({ ladder }: Policy, steps: readonly number[]): boolean {
  return steps.length === ladder.length && steps.every((index) => index < ladder.length) && new Set(steps).size === steps.length
}
