/** Owns what the ways of identifying a process share: what they are given, and their answers: found, gone, dead, too young. */
import type { Clock } from '../../lib/clock.ts'
import type { ProcessIdentity, Procfs } from '../../lib/linux/proc-process.ts'
import type { Logger } from '../../lib/log.ts'
import { nameOf, type Target } from '../model.ts'
import type { Prometheus } from '../prometheus.ts'
import { end, next, type StageResult, type Subject } from '../stage.ts'
import type { Database } from '../store/database.ts'

export interface IdentifyOptions {
  readonly procfs: Procfs
  readonly groupOf: (identity: ProcessIdentity) => string
  readonly prometheus: Prometheus | undefined
  readonly database: Database
  readonly clock: Clock
  readonly ownPid: number
  readonly log: Logger
}

/**
 * A start time has the kernel's resolution of 10 ms and the uptime it is set against another 10 ms; an alert begins at
 * least one scrape after its process did.
 */
const START_TOLERANCE_MS = 50

export function found(subject: Subject, process: ProcessIdentity, target: Target): StageResult {
  const text = `The target is ${nameOf(target)}, started ${target.startTime}. ${target.evidence}`
  const note = { event: 'target.identified', text, data: { target } }
  return next({ ...subject, process, target, cooldownKey: `process:${target.group}` }, note, { target })
}

export function gone(subject: Subject, text: string): StageResult {
  return end(subject, { event: 'target.gone', text, status: 'done', decision: 'refuse', reason: 'target_gone', outcome: 'target_gone' })
}

export function isDead(identity: ProcessIdentity): boolean {
  return identity.state === 'Z' || identity.state === 'X'
}

/** Whether the process began only after the alert did, so that it cannot be the accused one: its pid was recycled. */
export function startedAfter(identity: ProcessIdentity, alertStartedAt: string): boolean {
  return identity.startTimeMs > Date.parse(alertStartedAt) + START_TOLERANCE_MS
}

/** The target that a live process is. */
export function targetOf(identity: ProcessIdentity, group: string, evidence: string): Target {
  const { pid, startTicks } = identity
  return { group, pid, startTicks, startTime: new Date(identity.startTimeMs).toISOString(), program: programOf(identity), evidence }
}

export function programOf(identity: ProcessIdentity): string {
  return identity.exe ?? identity.comm
}
