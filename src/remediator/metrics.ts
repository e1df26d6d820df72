/** Owns the remediator's own metrics: their names, labels and meaning. Counts what it is told and asks the store at scrape time. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Clock } from '../lib/clock.ts'
import { createAdvisorMetrics, type AdvisorMetrics } from './advisor/advisor-metrics.ts'
import { createCheckMetrics, type CheckMetrics } from './checks/check-metrics.ts'
import type { ActionName, Incident, Outcome, Reason } from './model.ts'
import { addStoreGauges } from './store-gauges.ts'
import type { Database } from './store/database.ts'

export interface StepConcluded {
  readonly policy: string
  readonly action: ActionName
  readonly outcome: Outcome
  readonly reason: Reason
}

export type EscalatedTo = 'advisor' | 'person'
export type Verdict = 'passed' | 'failed' | 'unknown'

export interface RemediatorMetrics {
  readonly registry: Registry
  webhookAnswered(code: number): void
  /** A run of an incident came to an end. */
  concluded(incident: Incident): void
  /** One step of a policy's ladder was done. */
  stepConcluded(step: StepConcluded): void
  attemptVerified(attempt: { readonly policy: string; readonly verdict: Verdict }): void
  actionBegun(delayMs: number): void
  /** Handed on, because what may be done did not help. */
  escalated(to: EscalatedTo): void
  mailDone(outcome: 'sent' | 'postponed' | 'given_up'): void
  storeFailed(reason: string): void
  reconciled(outcome: 'done' | 'failed'): void
  auditIntact(intact: boolean): void
  leading(isLeading: boolean): void
  readonly checks: CheckMetrics
  readonly advisor: AdvisorMetrics
}

const WEBHOOK_CODES = ['200', '400', '401', '403', '413', '503'] as const

export function createMetrics(database: Database, clock: Clock, version: string): RemediatorMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> =>
    new Counter({ name, help, labelNames, registers })
  const flag = (name: string, help: string): Gauge => new Gauge({ name, help, registers })
  const requests = counter('procwarden_webhook_requests_total', 'Webhook requests by the status code they were answered with.', ['code'])
  const actions = counter(
    'procwarden_remediation_actions_total',
    'Runs of an incident that came to an end, by policy, action, outcome and reason.',
    ['policy', 'action', 'outcome', 'reason'],
  )
  const steps = counter(
    'procwarden_remediation_steps_total',
    "Steps of policies' ladders that were done, by policy, action, outcome and reason.",
    ['policy', 'action', 'outcome', 'reason'],
  )
  const verifications = counter(
    'procwarden_remediation_verifications_total',
    'Looks at whether an attempt helped, by policy and verdict; unknown is neither success nor failure.',
    ['policy', 'verdict'],
  )
  const escalations = counter('procwarden_remediation_escalations_total', 'Incidents handed on, by whom to.', ['to'])
  const { delay, duration } = createTimes(registers)
  const storeErrors = counter('procwarden_store_errors_total', 'Failures of the store by reason.', ['reason'])
  const reconciles = counter('procwarden_reconcile_runs_total', 'Comparisons with the active alerts of Alertmanager, by outcome.', [
    'outcome',
  ])
  const mails = counter('procwarden_mails_total', 'Mails by what became of an attempt to send them: sent, postponed, given_up.', [
    'outcome',
  ])
  const intact = flag('procwarden_audit_intact', '1 when the audit trail was whole at the start, 0 when it was not.')
  const leading = flag('procwarden_remediation_leader', '1 while this remediator is the one of its store that works, 0 while it stands by.')
  fromZero(requests, 'code', WEBHOOK_CODES)
  fromZero(escalations, 'to', ['advisor', 'person'])
  fromZero(reconciles, 'outcome', ['done', 'failed'])
  fromZero(mails, 'outcome', ['sent', 'postponed', 'given_up'])
  fromZero(storeErrors, 'reason', ['busy', 'full', 'corrupt'])
  addStoreGauges(registers, database, clock)
  const checks = createCheckMetrics(registers)
  const advisor = createAdvisorMetrics(registers)
  addBuildInfo(registers, version)
  return {
    registry,
    checks,
    advisor,
    webhookAnswered: (code) => requests.inc({ code: String(code) }),
    concluded: ({ policy, action, outcome, reason, receivedAt, closedAt }) => {
      actions.inc({ policy: policy ?? 'none', action: action ?? 'none', outcome: outcome ?? 'open', reason: reason ?? 'none' })
      if (closedAt !== null) duration.observe(Math.max(0, Date.parse(closedAt) - Date.parse(receivedAt)) / 1000)
    },
    stepConcluded: ({ policy, action, outcome, reason }) => steps.inc({ policy, action, outcome, reason }),
    attemptVerified: ({ policy, verdict }) => verifications.inc({ policy, verdict }),
    actionBegun: (delayMs) => delay.observe(Math.max(0, delayMs) / 1000),
    escalated: (to) => escalations.inc({ to }),
    mailDone: (outcome) => mails.inc({ outcome }),
    storeFailed: (reason) => storeErrors.inc({ reason }),
    reconciled: (outcome) => reconciles.inc({ outcome }),
    auditIntact: (isIntact) => intact.set(isIntact ? 1 : 0),
    leading: (isLeading) => leading.set(isLeading ? 1 : 0),
  }
}

/** Published before the first event, so that `increase()` sees it. */
function fromZero(counter: Counter, label: string, values: readonly string[]): void {
  for (const value of values) counter.inc({ [label]: value }, 0)
}

function addBuildInfo(registers: Registry[], version: string): void {
  new Gauge({
    name: 'procwarden_build_info',
    help: 'Always 1; the labels tell the version.',
    labelNames: ['part', 'version', 'nodejs'],
    registers,
  }).set({ part: 'remediator', version, nodejs: process.versions.node }, 1)
}

/** How long it takes to act, and how long an incident lasts. */
function createTimes(registers: Registry[]): { readonly delay: Histogram; readonly duration: Histogram } {
  const delay = new Histogram({
    name: 'procwarden_remediation_action_delay_seconds',
    help: 'Seconds from the beginning of an alert to the beginning of the action on it.',
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 300],
    registers,
  })
  const duration = new Histogram({
    name: 'procwarden_remediation_incident_duration_seconds',
    help: 'Seconds from the receipt of an alert until its incident was closed.',
    buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400],
    registers,
  })
  return { delay, duration }
}
