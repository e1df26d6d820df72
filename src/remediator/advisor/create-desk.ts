/** Owns giving the advisor's desk what it works with, where an advisor is configured. */
import type { RemediatorSettings } from '../config.ts'
import type { Foundation } from '../foundation.ts'
import type { Prometheus } from '../prometheus.ts'
import type { Policies } from '../stages/match-policy.ts'
import { AdvisorDesk } from './desk.ts'

export function createAdvisorDesk(
  { advisor: settings }: RemediatorSettings,
  { database, journal, clock, log, procfs, metrics, onWork }: Foundation,
  prometheus: Prometheus | undefined,
  policies: Policies,
): AdvisorDesk | undefined {
  if (settings === undefined) return undefined
  return new AdvisorDesk({
    settings,
    database,
    journal,
    clock,
    log,
    procfs,
    prometheus,
    policyOf: (incident) => policies.named(incident.policy) ?? policies.find(incident.labels),
    onAnswer: (answer) => metrics.advisor.answered(answer),
    onWork,
  })
}
