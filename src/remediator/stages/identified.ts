/** Owns what the ways of identifying a target share: what they are given, and their answers: found, gone, dead, too young. */
import type { Clock } from '../../lib/clock.ts'
import type { ProcessIdentity, Procfs } from '../../lib/linux/proc-process.ts'
import { isAlive } from '../../lib/linux/proc-stat.ts'
import type { Logger } from '../../lib/log.ts'
import { nameOf, type Target } from '../model.ts'
import type { Prometheus } from '../prometheus.ts'
import type { FoundManager } from '../services/find-manager.ts'
import { end, next, type StageResult, type Subject } from '../stage.ts'
import type { Database } from '../store/database.ts'
import type { FindMembers, GroupOf } from '../suspects/group-members.ts'
import type { Confidence, ProcessTarget } from '../target.ts'
import type { StepOf } from '../policies/steps.ts'
import { cooldownKeyOf } from './recover.ts'

export interface IdentifyOptions {
  readonly procfs: Procfs
  readonly groupOf: GroupOf
  readonly findMembers: FindMembers
  readonly prometheus: Prometheus | undefined
  readonly database: Database
  readonly clock: Clock
  readonly ownPid: number
  /** The category of a program that is known to write many files as a matter of course; undefined for any other. */
  readonly knownWriter: KnownWriter
  /** Who created files in a folder lately, the busiest first; nobody when the exporter cannot be asked. */
  readonly writersIn: (directory: string, signal: AbortSignal) => Promise<readonly RecentWriter[]>
  readonly log: Logger
  /** What restarts a program. */
  readonly findManager: (
    group: string,
    members: readonly ProcessIdentity[],
    step: StepOf<'restart'>,
    signal: AbortSignal,
  ) => Promise<FoundManager>
}

/** Of a program that has ended, the name alone has to do. */
export type KnownWriter = (identity: Partial<Pick<ProcessIdentity, 'exe' | 'unit' | 'isKernelThread'>>, group: string) => string | undefined

export interface RecentWriter {
  readonly group: string
  readonly pid: number | null
}

/**
 * A start time has the kernel's resolution of 10 ms and the uptime it is set against another 10 ms; an alert begins at
 * least one scrape after its process did.
 */
const START_TOLERANCE_MS = 50

/** `processes`: all that an action on the target would touch. */
export function found(subject: Subject, target: Target, processes: readonly ProcessIdentity[]): StageResult {
  const started = target.kind === 'process' ? `, started ${target.startTime}` : ''
  const text = `The target is ${nameOf(target)}${started}. ${target.evidence}`
  const note = { event: 'target.identified', text, data: { target } }
  return next({ ...subject, processes, target, cooldownKey: cooldownKeyOf(target) }, note, { target })
}

/** Nothing is left to act upon. After an attempt that did not help, that is a person's business. */
export function gone(subject: Subject, text: string): StageResult {
  const { attempts, escalatedAt } = subject.incident
  if (attempts > 0 && escalatedAt === null) {
    const ending = { status: 'done', decision: 'act', reason: 'verify_failed', outcome: 'failed', escalate: true } as const
    return end(subject, { ...ending, event: 'target.gone', text: `${text} Yet what was done did not help.` })
  }
  return end(subject, { event: 'target.gone', text, status: 'done', decision: 'refuse', reason: 'target_gone', outcome: 'target_gone' })
}

export function isDead(identity: ProcessIdentity): boolean {
  return !isAlive(identity.state)
}

/** Whether the process began only after the alert did, so that it cannot be the accused one: its pid was recycled. */
export function startedAfter(identity: ProcessIdentity, alertStartedAt: string): boolean {
  return identity.startTimeMs > Date.parse(alertStartedAt) + START_TOLERANCE_MS
}

/** The target that a live process is. */
export function targetOf(identity: ProcessIdentity, group: string, evidence: string, confidence: Confidence): ProcessTarget {
  const { pid, startTicks, uid } = identity
  return {
    kind: 'process',
    group,
    pid,
    startTicks,
    startTime: new Date(identity.startTimeMs).toISOString(),
    program: programOf(identity),
    evidence,
    confidence,
    ...(uid === undefined ? {} : { uid }),
  }
}

export function programOf(identity: ProcessIdentity): string {
  return identity.exe ?? identity.comm
}
