/** Owns the contract of an action: what it is given, what it must tell afterwards, and how it looks at what an interruption left. */
import type { BootMoment } from '../../lib/clock.ts'
import type { Incident, Note, Outcome, Reason, Target } from '../model.ts'
import type { Policy } from '../policies/policy.ts'
import type { Step } from '../policies/steps.ts'

export interface ActionResult {
  readonly outcome: Outcome
  readonly reason: Reason
  readonly text: string
  readonly data?: Readonly<Record<string, unknown>>
}

export interface ActionRequest {
  readonly incident: Incident
  readonly policy: Policy
  readonly step: Step
  readonly target: Target
  /** 1 for the first walk through the ladder. */
  readonly attempt: number
  /** When the attempt's first intent was written: whatever began after that is a consequence of the attempt. */
  readonly begunAt: { readonly wallMs: number; readonly boot: BootMoment }
  /** Writes a step to the incident's timeline and the audit trail, durably, before it returns. */
  readonly note: (note: Note) => void
}

/**
 * What became of an action that an interruption cut short: done as `result` says, certainly not done, or nobody can tell. What
 * nobody can tell is never repeated; whether the symptom is gone decides.
 */
export type Look = { readonly kind: 'done'; readonly result: ActionResult } | { readonly kind: 'undone' } | { readonly kind: 'unknown' }

export interface Action {
  /** Called with the intent already durable. Must check the target's identity once more on a handle that cannot be recycled. */
  run(request: ActionRequest, signal: AbortSignal): Promise<ActionResult>
  /** Called instead of `run` when an earlier run was interrupted. Changes nothing. */
  look(request: ActionRequest, signal: AbortSignal): Promise<Look>
}

/** Whether the ladder may go on after this. */
export function hasFailed(result: Pick<ActionResult, 'outcome'>): boolean {
  return result.outcome === 'failed'
}

/** A folder is the target only when nobody writes there: the steps for its writer are passed over, those for its files are not. */
export function writerGone({ name }: { readonly name: string }): ActionResult {
  return { outcome: 'target_gone', reason: 'nothing_to_do', text: `Nothing writes into ${name} any more.` }
}
