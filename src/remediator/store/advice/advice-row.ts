/** Owns how a question to the advisor and its answer lie in the store. Runs no SQL. */
import { z } from 'zod'
import { AdvisorAnswer, VERDICTS } from '../../advisor/answer.ts'
import { Step } from '../../policies/steps.ts'
import { OUTCOMES } from '../../vocabulary.ts'
import { numberOf, numberOrNull, textOf, textOrNull, type Row } from '../row.ts'

/** choice: its answer may be tried. opinion: it is only told. */
export const AdvicePurpose = z.enum(['choice', 'opinion'])
export const AdviceStatus = z.enum(['waiting', 'answered'])

/** What was said, on both sides. */
export const AdviceBody = z.object({
  /** Names of the steps that were offered. */
  offers: z.array(z.string()).default([]),
  request: z.object({ model: z.string(), system: z.string(), user: z.string() }).nullable().default(null),
  /** As it came, cut. */
  answerText: z.string().nullable().default(null),
  answer: AdvisorAnswer.nullable().default(null),
  /** What became of it, in words. */
  why: z.string().nullable().default(null),
  by: z.string().nullable().default(null),
})
export type AdviceBody = z.infer<typeof AdviceBody>

export interface Advice extends AdviceBody {
  readonly id: number
  readonly incident: string
  readonly purpose: z.infer<typeof AdvicePurpose>
  readonly at: string
  readonly status: z.infer<typeof AdviceStatus>
  readonly askedAt: string | null
  readonly latencyMs: number | null
  readonly tokens: number
  readonly verdict: (typeof VERDICTS)[number] | null
  /** The step that may be tried. */
  readonly chosen: Step | null
  /** What the trial gave. */
  readonly outcome: (typeof OUTCOMES)[number] | null
}

export function fromRow(row: Row): Advice {
  const chosen = textOrNull(row, 'chosen')
  return {
    id: numberOf(row, 'id'),
    incident: textOf(row, 'incident'),
    purpose: AdvicePurpose.parse(row['purpose']),
    at: textOf(row, 'at'),
    status: AdviceStatus.parse(row['status']),
    askedAt: textOrNull(row, 'asked_at'),
    latencyMs: numberOrNull(row, 'latency_ms'),
    tokens: numberOf(row, 'tokens'),
    verdict: z.enum(VERDICTS).nullable().parse(row['verdict']),
    chosen: chosen === null ? null : Step.parse(JSON.parse(chosen)),
    outcome: z.enum(OUTCOMES).nullable().parse(row['outcome']),
    ...AdviceBody.parse(JSON.parse(textOf(row, 'body'))),
  }
}
