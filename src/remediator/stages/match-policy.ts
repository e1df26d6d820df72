/** Owns choosing the policy: the first whose matchers all fit the alert's labels. Does nothing to anything. */
import { parseMatcher } from '../matcher.ts'
import { MODES, type Mode } from '../model.ts'
import { isActing, type Policy } from '../policies/policy.ts'
import { ladderText, mainAction } from '../policies/words.ts'
import { end, next, refuse, type Stage } from '../stage.ts'
import type { OrderLadder } from './order-ladder.ts'

export interface Policies {
  /** The policy for an alert with these labels. */
  find(labels: Readonly<Record<string, string>>): Policy | undefined
  named(name: string | null): Policy | undefined
  modeOf(policy: Policy): Mode
}

export function createPolicies(policies: readonly Policy[], globalMode: Mode): Policies {
  const compiled = policies.map((policy) => ({ policy, matchers: policy.match.map(parseMatcher) }))
  return {
    find: (labels) => compiled.find(({ matchers }) => matchers.every((matcher) => matcher.matches(labels)))?.policy,
    named: (name) => policies.find((policy) => policy.name === name),
    modeOf: (policy) => narrower(globalMode, policy.mode),
  }
}

export function matchPolicy(policies: Policies, order: OrderLadder): Stage {
  return {
    name: 'match-policy',
    deadlineMs: 5_000,
    run: async (subject, signal) => {
      const found = policies.find(subject.incident.labels)
      if (!found) return refuse(subject, 'no_policy', 'No policy matches this alert.')
      const { policy, reason } = await order.decide(found, subject.incident, signal)
      const mode = policies.modeOf(policy)
      const chosen = { ...subject, policy, mode }
      if (!isActing(policy.ladder)) {
        return end(chosen, {
          event: 'notified',
          text: subject.incident.annotations['summary'] ?? `${subject.incident.alertname} fires.`,
          status: 'done',
          decision: 'notify',
          reason: 'none',
          outcome: 'notified',
          action: 'notify',
        })
      }
      const { name, risk, tier, ladder } = policy
      return next(
        chosen,
        {
          event: 'policy.matched',
          text: `Policy ${name} applies: ${ladderText(ladder)}, mode ${mode}.${reason === undefined ? '' : ` ${reason}`}`,
          data: { policy: name, mode, risk, tier, ladder: ladder.map((step) => step.action) },
        },
        { policy: name, mode, action: mainAction(ladder) },
      )
    },
  }
}

/** A policy may ask for more caution than the whole, never for less. MODES goes from cautious to bold. */
function narrower(globalMode: Mode, policyMode: Mode | undefined): Mode {
  if (policyMode === undefined) return globalMode
  return MODES.indexOf(policyMode) < MODES.indexOf(globalMode) ? policyMode : globalMode
}
