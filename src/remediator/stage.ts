/** Owns the contract of a pipeline stage: it hands its subject on, or ends the run with what the incident becomes. */
import type { ProcessIdentity } from '../lib/linux/proc-process.ts'
import type { ActionName, Decision, Incident, IncidentPatch, IncidentStatus, Mode, Note, Outcome, Reason, Target } from './model.ts'
import type { Policy } from './policies/policy.ts'
import type { Progress } from './progress.ts'

export const STAGES = ['recover', 'admit', 'match-policy', 'advise', 'identify', 'guard', 'approve', 'snapshot', 'act', 'verify'] as const
export type StageName = (typeof STAGES)[number]

/** What stages have found out so far. Never changed in place. */
export interface Subject {
  readonly incident: Incident
  readonly policy?: Policy
  readonly mode?: Mode
  /** The processes that an action would touch: the target itself, or all of a service. */
  readonly processes?: readonly ProcessIdentity[]
  readonly target?: Target
  readonly cooldownKey?: string
  readonly progress?: Progress
  /** An interrupted run goes on here; the stages before it have had their say. */
  readonly resumeAt?: 'act' | 'verify'
}

/** How a run ends: the incident's new state and the entry that tells why. */
export interface Ending extends Note {
  readonly status: IncidentStatus
  readonly decision: Decision | null
  readonly reason: Reason
  readonly outcome: Outcome | null
  readonly action?: ActionName
  /** For `deferred` and `awaiting_approval`: when to look again, in wall-clock milliseconds. */
  readonly nextAtMs?: number
  /** Kept for the next run; gone when left out. */
  readonly progress?: Progress
  /** Nothing helped: the incident is handed on. */
  readonly escalate?: boolean
  /** Done in the transaction that ends the run. */
  readonly within?: () => void
}

export type StageResult =
  | { readonly kind: 'next'; readonly subject: Subject; readonly note?: Note; readonly patch?: IncidentPatch }
  | { readonly kind: 'end'; readonly subject: Subject; readonly ending: Ending }

export interface Stage {
  readonly name: StageName
  /** What it does is told only once what was found before is on disk. */
  readonly needsRecord?: boolean
  /** Longer than this is a fault; the incident is looked at again. */
  readonly deadlineMs: number
  run(subject: Subject, signal: AbortSignal): Promise<StageResult>
}

export function next(subject: Subject, note?: Note, patch?: IncidentPatch): StageResult {
  return { kind: 'next', subject, ...(note ? { note } : {}), ...(patch ? { patch } : {}) }
}

export function end(subject: Subject, ending: Ending): StageResult {
  return { kind: 'end', subject, ending }
}

/** The common ending: nothing is done, for `reason`. */
export function refuse(subject: Subject, reason: Reason, text: string, data?: Readonly<Record<string, unknown>>): StageResult {
  return end(subject, { event: 'refused', text, status: 'done', decision: 'refuse', reason, outcome: 'refused', ...(data ? { data } : {}) })
}

/** Nothing is done now, for `reason`; it is looked at again. */
export function postpone(
  subject: Subject,
  reason: Reason,
  text: string,
  nextAtMs: number,
  data?: Readonly<Record<string, unknown>>,
): StageResult {
  return end(subject, {
    event: 'postponed',
    text,
    status: 'deferred',
    decision: 'refuse',
    reason,
    outcome: 'refused',
    nextAtMs,
    ...(data ? { data } : {}),
  })
}
