/** Owns the contract of an action: what it is given, and what it must tell afterwards. */
import type { Outcome, Reason, Target } from '../model.ts'
import type { Note } from '../model.ts'

export interface ActionResult {
  readonly outcome: Outcome
  readonly reason: Reason
  readonly text: string
}

export interface ActionRequest {
  readonly target: Target
  readonly graceMs: number
  /** Writes a step to the incident's timeline and the audit trail, durably, before it returns. */
  readonly note: (note: Note) => void
}

export interface Action {
  /** Called with the intent already durable. Must check the target's identity once more on a handle that cannot be recycled. */
  run(request: ActionRequest, signal: AbortSignal): Promise<ActionResult>
}
