/** Owns the shapes of intents: written before an action, concluded after it, and counted by cooldown and caps on the boot clock. */
import type { ActionName } from '../../model.ts'

export interface CooldownRule {
  /** More attempts than this within the window start a cooldown. */
  readonly max: number
  readonly windowMs: number
  readonly durationMs: number
}

export interface CapRule {
  /** No more attempts than this within the window. */
  readonly max: number
  readonly windowMs: number
}

/** Bounds besides the cooldown; what is left out is unbounded. */
export interface CapRules {
  /** Attempts on one cooldown key. */
  readonly target?: CapRule
  /** Attempts by one policy. */
  readonly policy?: CapRule
  /** Attempts by all policies. */
  readonly host?: CapRule
}

export type CapScope = keyof CapRules

export interface NewIntent {
  readonly incident: string
  readonly action: ActionName
  /** What the cooldown counts by: the program, not the pid, which is new after each restart. */
  readonly cooldownKey: string
  readonly policy: string
  /** What only one intent at a time may be open for. */
  readonly targetKey: string
  /** Null for a target without a process. */
  readonly pid: number | null
  readonly startTicks: number | null
  readonly attempt: number
  readonly step: number
  /** ISO 8601. */
  readonly at: string
}

export interface OpenIntent extends NewIntent {
  readonly id: number
  readonly bootId: string
  readonly bootMs: number
}

export interface CapReached {
  readonly cap: CapScope
  /** Until the oldest attempt that counts leaves the window. */
  readonly remainingMs: number
}

export type IntentGrant =
  | { readonly granted: true; readonly intentId: number }
  /** The target cools down; `freshly` when this very attempt began it. */
  | { readonly granted: false; readonly why: 'cooldown'; readonly remainingMs: number; readonly freshly: boolean }
  /** Another incident is acting on the same target right now. */
  | { readonly granted: false; readonly why: 'busy' }
  | ({ readonly granted: false; readonly why: 'cap' } & CapReached)
