/** Owns how a question to a person lies in the store, and the closed sets of its answers. Runs no SQL. */
import { z } from 'zod'
import { numberOf, numberOrNull, textOf, textOrNull, type Row } from '../row.ts'

export const ANSWERS = ['approve', 'deny', 'expired', 'void'] as const
/** void: what was asked about is no longer what would be done, or the alert is over. */
export const Answer = z.enum(ANSWERS)

export const HOWS = ['console', 'cli', 'link', 'api', 'expiry'] as const
/** The way by which a person answered. expiry: nobody did, and the policy says what that means. */
export const How = z.enum(HOWS)
export type How = z.infer<typeof How>

export const ON_EXPIRY = ['deny', 'approve', 'leave-frozen'] as const
export const OnExpiry = z.enum(ON_EXPIRY)
export type OnExpiry = z.infer<typeof OnExpiry>

export interface NewApproval {
  readonly incident: string
  /** The attempt that is asked about: an answer is good for no other. */
  readonly attempt: number
  readonly policy: string
  /** `freeze, then kill`. */
  readonly action: string
  readonly steps: string
  readonly program: string
  readonly target: string
  readonly targetKey: string
  readonly bootId: string
  readonly why: string
  /** Processes that are stopped while the question is open. */
  readonly frozen: number
  readonly onExpiry: OnExpiry
  /** Whether a yes can be said once and for all: not where the policy always asks. */
  readonly mayStand: boolean
  readonly askedAtMs: number
  readonly expiresAtMs: number
}

export interface Approval extends NewApproval {
  readonly id: number
  /** Null while it is open. */
  readonly answer: z.infer<typeof Answer> | null
  readonly answeredAtMs: number | null
  readonly answeredBy: string | null
  readonly answeredHow: How | null
}

export function fromRow(row: Row): Approval {
  return {
    id: numberOf(row, 'id'),
    incident: textOf(row, 'incident'),
    attempt: numberOf(row, 'attempt'),
    policy: textOf(row, 'policy'),
    action: textOf(row, 'action'),
    steps: textOf(row, 'steps'),
    program: textOf(row, 'program'),
    target: textOf(row, 'target'),
    targetKey: textOf(row, 'target_key'),
    bootId: textOf(row, 'boot_id'),
    why: textOf(row, 'why'),
    frozen: numberOf(row, 'frozen'),
    onExpiry: OnExpiry.parse(row['on_expiry']),
    mayStand: numberOf(row, 'may_stand') === 1,
    askedAtMs: numberOf(row, 'asked_at_ms'),
    expiresAtMs: numberOf(row, 'expires_at_ms'),
    answer: Answer.nullable().parse(row['answer']),
    answeredAtMs: numberOrNull(row, 'answered_at_ms'),
    answeredBy: textOrNull(row, 'answered_by'),
    answeredHow: How.nullable().parse(row['answered_how']),
  }
}
