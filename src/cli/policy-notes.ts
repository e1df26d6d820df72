/** Owns comparing alerts with policies: which alert nobody would answer, and which policy no alert can reach. */
import { parseMatcher } from '../remediator/matcher.ts'
import type { AlertView } from '../rules/alerts.ts'

interface PolicyView {
  readonly name: string
  readonly match: readonly string[]
}

/** Sentences. Labels that only the series have, such as group, may fit any matcher. */
export function policyNotes(policies: readonly PolicyView[], alerts: readonly AlertView[]): string[] {
  const wanted = alerts.filter((alert) => alert.remediate !== undefined)
  const orphans = wanted.filter((alert) => !policies.some((policy) => mayFit(policy, alert)))
  const idle = policies.filter((policy) => !wanted.some((alert) => mayFit(policy, alert)))
  return [
    ...orphans.map((alert) => `no policy fits ${alert.name} (remediate=${alert.remediate ?? ''}): it will be recorded and nothing else`),
    ...(wanted.length === 0 ? [] : idle.map((policy) => `no alert of these rules can reach the policy "${policy.name}"`)),
  ]
}

function mayFit(policy: PolicyView, alert: AlertView): boolean {
  const severities = alert.severities.length > 0 ? alert.severities : [undefined]
  return severities.some((severity) => {
    const labels: Record<string, string> = {
      alertname: alert.name,
      ...(alert.remediate === undefined ? {} : { remediate: alert.remediate }),
      ...(severity === undefined ? {} : { severity }),
    }
    return policy.match.every((text) => {
      const name = /^\s*(\w+)/.exec(text)?.[1] ?? ''
      return !Object.hasOwn(labels, name) || parseMatcher(text).matches(labels)
    })
  })
}
