/**
 * Owns the last word before anything happens: the kill switch, maintenance, the never-list, deny and allow lists, other alerts that
 * come first, confidence, attempts, cooldown and caps, in this order. Each refusal has its reason.
 */
import type { Clock } from '../../lib/clock.ts'
import { assert } from '../../lib/errors.ts'
import { nameOf, type Target } from '../model.ts'
import { maintenanceRemainingMs, type MaintenanceWindow } from '../policies/maintenance.ts'
import type { Policy } from '../policies/policy.ts'
import { end, next, postpone, refuse, type Stage, type StageResult, type Subject } from '../stage.ts'
import type { Database } from '../store/database.ts'
import { firingIncidentsOf } from '../store/incidents.ts'
import { capReached, cooldownRemainingMs, type CapRule } from '../store/intents.ts'
import type { NeverList } from '../suspects/never-list.ts'
import { CONFIDENCES } from '../target.ts'
import { capRules } from './act.ts'
import { capped, coolingDown } from './cooling-down.ts'
import { refusedWhilePaused } from './still-wanted.ts'

/** Programs by name: never those, and where the second is not empty, only those. */
export interface Lists {
  readonly denyGroups: readonly string[]
  readonly allowGroups: readonly string[]
}

export interface GuardOptions extends Lists {
  readonly neverList: NeverList
  /** Times at which nothing is done under any policy. */
  readonly maintenance: readonly MaintenanceWindow[]
  readonly hostCap: CapRule
  readonly database: Database
  readonly clock: Clock
}

/** An anomaly about the same program may be over by then. */
const ANOMALY_AGAIN_MS = 15_000
const ANOMALY_SINCE_MS = 86_400_000

export function guard(options: GuardOptions): Stage {
  return {
    name: 'guard',
    deadlineMs: 30_000,
    run: async (subject) => {
      const { policy, target, cooldownKey } = subject
      assert(policy && target && cooldownKey, 'guard runs after identify')
      for (const check of CHECKS) {
        const refusal = check(subject, policy, target, options)
        if (refusal) return refusal
      }
      return next(subject, { event: 'guard.passed', text: `Nothing speaks against acting on ${nameOf(target)}.` })
    },
  }
}

type GuardCheck = (subject: Subject, policy: Policy, target: Target, options: GuardOptions) => StageResult | undefined

const CHECKS: readonly GuardCheck[] = [
  isPaused,
  isInMaintenance,
  isNeverTouched,
  isListed,
  hasAnomalyFirst,
  isUnsure,
  isExhausted,
  coolsDown,
  isCapped,
]

function isPaused(subject: Subject, _policy: Policy, _target: Target, { database }: GuardOptions): StageResult | undefined {
  return refusedWhilePaused(subject, database)
}

function isInMaintenance(subject: Subject, policy: Policy, _target: Target, { maintenance, clock }: GuardOptions): StageResult | undefined {
  const remainingMs = maintenanceRemainingMs([...maintenance, ...policy.maintenance], clock.nowMs())
  if (remainingMs === 0) return undefined
  const until = clock.nowMs() + remainingMs
  return postpone(
    subject,
    'maintenance',
    `A maintenance window is open until ${new Date(until).toISOString()}: nothing is done.`,
    until + 100,
  )
}

function isNeverTouched(subject: Subject, _policy: Policy, target: Target, { neverList }: GuardOptions): StageResult | undefined {
  for (const process of subject.processes ?? []) {
    const never = neverList.reasonAgainst(process)
    if (never !== undefined) return refuse(subject, 'never_list', `${nameOf(target)} is never touched: ${never}.`)
  }
  const never = neverList.reasonAgainstProgram(target.group) ?? (target.managed && neverList.reasonAgainstManaged(target.managed))
  return never === undefined ? undefined : refuse(subject, 'never_list', `${nameOf(target)} is never touched: ${never}.`)
}

export function isListed(
  subject: Subject,
  _policy: Policy,
  { group }: Target,
  { denyGroups, allowGroups }: Lists,
): StageResult | undefined {
  if (denyGroups.includes(group)) return refuse(subject, 'deny_list', `${group} is on the deny list.`)
  if (allowGroups.length > 0 && !allowGroups.includes(group))
    return refuse(subject, 'not_on_allow_list', `${group} is not on the allow list.`)
  return undefined
}

/** A plain limit waits while an anomaly of the same program fires: what is done about that says more. */
function hasAnomalyFirst(subject: Subject, _policy: Policy, target: Target, { database, clock }: GuardOptions): StageResult | undefined {
  const { incident } = subject
  if (incident.labels['kind'] !== 'limit') return undefined
  const since = new Date(clock.nowMs() - ANOMALY_SINCE_MS).toISOString()
  const anomaly = firingIncidentsOf(database, target.group, since).find(
    (other) => other.id !== incident.id && other.labels['kind'] === 'anomaly' && other.labels['instance'] === incident.labels['instance'],
  )
  if (!anomaly) return undefined
  const text = `${anomaly.alertname} fires about ${target.group} as well (incident ${anomaly.id}): an anomaly comes before a plain limit.`
  return postpone(subject, 'anomaly_first', text, clock.nowMs() + ANOMALY_AGAIN_MS, { incident: anomaly.id })
}

function isUnsure(subject: Subject, { confidence, name }: Policy, target: Target): StageResult | undefined {
  if (CONFIDENCES.indexOf(target.confidence) >= CONFIDENCES.indexOf(confidence)) return undefined
  return refuse(
    subject,
    'confidence_low',
    `That ${nameOf(target)} is the culprit is of ${target.confidence} confidence; ${name} acts from ${confidence} on. ${target.evidence}`,
  )
}

function isExhausted(subject: Subject, { attempts }: Policy, target: Target): StageResult | undefined {
  if (subject.incident.attempts < attempts) return undefined
  return end(subject, {
    event: 'refused',
    text: `${attempts} attempts on ${nameOf(target)} did not help; a person has to look.`,
    status: 'done',
    decision: 'refuse',
    reason: 'attempts_exhausted',
    outcome: 'refused',
    escalate: true,
  })
}

function coolsDown(subject: Subject, _policy: Policy, _target: Target, { database, clock }: GuardOptions): StageResult | undefined {
  assert(subject.cooldownKey, 'guard runs after identify')
  const remainingMs = cooldownRemainingMs(database, subject.cooldownKey, clock.boot())
  return remainingMs > 0 ? coolingDown(subject, remainingMs, clock) : undefined
}

function isCapped(subject: Subject, policy: Policy, _target: Target, { database, clock, hostCap }: GuardOptions): StageResult | undefined {
  assert(subject.cooldownKey, 'guard runs after identify')
  const reached = capReached(database, { cooldownKey: subject.cooldownKey, policy: policy.name }, capRules(subject, hostCap), clock.boot())
  return reached && capped(subject, reached.cap, reached.remainingMs, clock)
}
