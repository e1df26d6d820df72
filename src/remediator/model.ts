/**
 * Owns the remediator's vocabulary: the types and closed sets that stages, store, API and mails share.
 *
 * - alert: one alert of an Alertmanager notification. fingerprint: Alertmanager's hash of its labels.
 * - episode: one firing of a fingerprint, from `startsAt` to `resolved`; it is one incident here.
 * - target: what an action is meant for; a process by pid and start time, or a service, probe or host by its name.
 * - ladder: the steps (actions) of a policy, in order. attempt: one walk through them, and the look whether it helped.
 * - intent: the durable record, written before an action, that it is about to happen.
 */
import type { Progress } from './progress.ts'
import type { Target } from './target.ts'
import type { Mode, ActionName, IncidentStatus, Decision, Reason, Outcome } from './vocabulary.ts'

export type { Target } from './target.ts'
export { nameOf } from './target.ts'

export { MODES, ACTIONS, STATUSES, DECISIONS, REASONS, OUTCOMES } from './vocabulary.ts'
export type { Mode, ActionName, IncidentStatus, Decision, Reason, Outcome } from './vocabulary.ts'

export interface Alert {
  readonly fingerprint: string
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** ISO 8601, as Alertmanager sent it. */
  readonly startsAt: string
}

export interface Incident {
  readonly id: string
  readonly fingerprint: string
  /** 1 for the first firing of this fingerprint, 2 for the next, ... */
  readonly episode: number
  readonly status: IncidentStatus
  readonly alertname: string
  readonly severity: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startedAt: string
  readonly receivedAt: string
  /** When Alertmanager said the alert had resolved, else null. */
  readonly resolvedAt: string | null
  readonly mode: Mode | null
  readonly policy: string | null
  readonly decision: Decision | null
  readonly reason: Reason | null
  readonly action: ActionName | null
  readonly target: Target | null
  readonly outcome: Outcome | null
  /** One sentence for a person: what was, or would be, done and why. */
  readonly summary: string | null
  readonly attempts: number
  /** Where in the ladder it is; null before the first step and once it is closed. */
  readonly progress: Progress | null
  /** When it was handed on because nothing helped (ISO 8601), else null. */
  readonly escalatedAt: string | null
  /** Wall-clock milliseconds before which a deferred incident is left alone. */
  readonly nextAtMs: number | null
  /** Who approved, or null. */
  readonly approvedBy: string | null
  readonly closedAt: string | null
}

/** What a stage or the worker changes on an incident. */
export type IncidentPatch = Partial<
  Pick<
    Incident,
    | 'status'
    | 'mode'
    | 'policy'
    | 'decision'
    | 'reason'
    | 'action'
    | 'target'
    | 'outcome'
    | 'summary'
    | 'attempts'
    | 'progress'
    | 'escalatedAt'
    | 'nextAtMs'
    | 'approvedBy'
    | 'closedAt'
    | 'resolvedAt'
  >
>

/** One step, told twice. */
export interface Note {
  /** A short word for machines, such as `target.identified`. */
  readonly event: string
  /** A sentence for people. */
  readonly text: string
  readonly data?: Readonly<Record<string, unknown>>
}

/** One entry of the audit trail; an incident's timeline is the entries that carry its id. */
export interface AuditEntry {
  readonly seq: number
  readonly at: string
  readonly event: string
  readonly incident: string | null
  readonly text: string
  readonly data: Readonly<Record<string, unknown>>
  readonly prev: string
  readonly hash: string
}
