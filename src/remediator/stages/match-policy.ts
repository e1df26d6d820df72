/** Owns choosing the policy: the first whose matchers all fit the alert's labels. Does nothing to anything. */
import type { Policy } from '../config.ts'
import { parseMatcher } from '../matcher.ts'
import { MODES, type Mode } from '../model.ts'
import { end, next, refuse, type Stage } from '../stage.ts'

export function matchPolicy(policies: readonly Policy[], globalMode: Mode): Stage {
  const compiled = policies.map((policy) => ({ policy, matchers: policy.match.map(parseMatcher) }))
  return {
    name: 'match-policy',
    run: async (subject) => {
      const { labels } = subject.incident
      const found = compiled.find(({ matchers }) => matchers.every((matcher) => matcher.matches(labels)))
      if (!found) return refuse(subject, 'no_policy', 'No policy matches this alert.')
      const { policy } = found
      const mode = narrower(globalMode, policy.mode)
      const chosen = { ...subject, policy, mode }
      if (policy.action === 'notify') {
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
      return next(
        chosen,
        {
          event: 'policy.matched',
          text: `Policy ${policy.name} applies: ${policy.action}, mode ${mode}.`,
          data: { policy: policy.name, mode },
        },
        { policy: policy.name, mode, action: policy.action },
      )
    },
  }
}

/** A policy may ask for more caution than the whole, never for less. MODES goes from cautious to bold. */
function narrower(globalMode: Mode, policyMode: Mode | undefined): Mode {
  if (policyMode === undefined) return globalMode
  return MODES.indexOf(policyMode) < MODES.indexOf(globalMode) ? policyMode : globalMode
}
