/** Owns how far an incident has come within its policy's ladder; kept in the store, so that another run can go on from there. */
import { z } from 'zod'
import { ACTIONS, OUTCOMES, REASONS } from './vocabulary.ts'

/** What one step of the ladder did. */
export const StepResult = z.object({
  action: z.enum(ACTIONS),
  outcome: z.enum(OUTCOMES),
  reason: z.enum(REASONS),
  text: z.string(),
})
export type StepResult = z.infer<typeof StepResult>

export const Progress = z.object({
  /** acting: between the steps of an attempt. verifying: all steps are done, whether it helped is not known yet. */
  phase: z.enum(['acting', 'verifying']),
  /** 1 for the first walk through the ladder. */
  attempt: z.number(),
  /** Index, in the policy's ladder, of the step to be done next. */
  step: z.number(),
  /** Of this attempt, in order. */
  results: z.array(StepResult),
  /** The intent that is open; concluded together with the attempt. */
  intentId: z.number().nullable(),
  /** When the first step of this attempt was about to begin; ms on the boot clock. */
  begun: z.object({ bootId: z.string(), ms: z.number(), wallMs: z.number() }),
  /** When the last step ended and verifying began. */
  verifyFrom: z.object({ bootId: z.string(), ms: z.number(), wallMs: z.number() }).nullable(),
})
export type Progress = z.infer<typeof Progress>
