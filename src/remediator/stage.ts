/** Owns the contract of a pipeline stage: it hands its subject on, or ends the run with what the incident becomes. */
import type { ProcessIdentity } from '../lib/linux/proc-process.ts'
import type { ActionResult } from './actions/action.ts'
import type { Policy } from './config.ts'
import type { ActionName, Decision, Incident, IncidentPatch, IncidentStatus, Mode, Note, Outcome, Reason, Target } from './model.ts'

/** What stages have found out so far. Never changed in place. */
export interface Subject {
  readonly incident: Incident
  readonly policy?: Policy
  readonly mode?: Mode
  readonly process?: ProcessIdentity
  readonly target?: Target
  readonly cooldownKey?: string
  readonly result?: ActionResult
  /** The open intent of the action; concluded together with the incident. */
  readonly intentId?: number
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
}

export type StageResult =
  | { readonly kind: 'next'; readonly subject: Subject; readonly note?: Note; readonly patch?: IncidentPatch }
  | { readonly kind: 'end'; readonly subject: Subject; readonly ending: Ending }

export interface Stage {
  readonly name: string
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
