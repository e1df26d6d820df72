/** Owns the shapes of intents: written before an action, concluded after it, and counted by the cooldown on the boot clock. */
import type { ActionName } from '../../model.ts'

export interface CooldownRule {
  /** More attempts than this within the window start a cooldown. */
  readonly max: number
  readonly windowMs: number
  readonly durationMs: number
}

export interface NewIntent {
  readonly incident: string
  readonly action: ActionName
  /** What the cooldown counts by: the program, not the pid, which is new after each restart. */
  readonly cooldownKey: string
  readonly pid: number
  readonly startTicks: number
  readonly at: string
}

export interface OpenIntent extends NewIntent {
  readonly id: number
  readonly bootId: string
  readonly bootMs: number
}

export type IntentGrant =
  | { readonly granted: true; readonly intentId: number }
  /** The target cools down; `freshly` when this very attempt began it. */
  | { readonly granted: false; readonly why: 'cooldown'; readonly remainingMs: number; readonly freshly: boolean }
  /** Another incident is acting on the same process right now. */
  | { readonly granted: false; readonly why: 'busy' }
