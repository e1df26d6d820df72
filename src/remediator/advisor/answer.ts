/** Owns what an advisor's answer must look like, and the verdict on it. Whatever does not fit is not used; nothing is guessed. */
import { z } from 'zod'
import { printable } from '../../lib/log.ts'
import { CONFIDENCES, type Confidence } from '../target.ts'
import type { Offer } from './offers.ts'

/** accepted: its choice may be tried. All others: the rules go on without it, and this is why. Metric label values. */
export const VERDICTS = [
  'accepted',
  'told',
  'declined',
  'unsure',
  'not_offered',
  'invalid',
  'cut_off',
  'refused',
  'timed_out',
  'rate_limited',
  'unauthorized',
  'bad_request',
  'server_error',
  'unreachable',
  'too_large',
  'budget',
] as const
export type AdviceVerdict = (typeof VERDICTS)[number]

const TEXT_MAX = 4_000
/** What stands for: none of the offered steps. */
export const NO_ACTION = 'none'

/** More keys than asked for do no harm. */
export const AdvisorAnswer = z.object({
  is_critical: z.boolean(),
  root_cause: z.string().min(1).max(TEXT_MAX),
  confidence: z.enum(CONFIDENCES),
  recommended_action: z.string().max(100),
  explanation: z.string().max(TEXT_MAX),
})
export type AdvisorAnswer = z.infer<typeof AdvisorAnswer>

export interface JudgedAnswer {
  readonly verdict: AdviceVerdict
  readonly answer?: AdvisorAnswer
  readonly offer?: Offer
  /** Why it is not used, in words. */
  readonly why: string
}

/** The form that the server is asked to keep to (JSON Schema, all keys required, none else). */
export function answerSchema(offers: readonly Offer[]) {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['is_critical', 'root_cause', 'confidence', 'recommended_action', 'explanation'],
    properties: {
      is_critical: { type: 'boolean' },
      root_cause: { type: 'string' },
      confidence: { type: 'string', enum: [...CONFIDENCES] },
      recommended_action: { type: 'string', enum: [...offers.map((offer) => offer.id), NO_ACTION] },
      explanation: { type: 'string' },
    },
  } as const
}

export function judgeAnswer(text: string, offers: readonly Offer[], confidence: Confidence, purpose: 'choice' | 'opinion'): JudgedAnswer {
  const parsed = AdvisorAnswer.safeParse(jsonIn(text))
  if (!parsed.success) return { verdict: 'invalid', why: `the answer is not of the form that was asked for (${faultsOf(parsed.error)})` }
  const answer = visible(parsed.data)
  const offer = offers.find((each) => each.id === answer.recommended_action)
  if (offer === undefined && answer.recommended_action !== NO_ACTION)
    return { verdict: 'not_offered', answer, why: `it names "${answer.recommended_action}", which is not among what may be done` }
  if (purpose === 'opinion') return { verdict: 'told', answer, why: 'it was asked for an opinion only' }
  if (offer === undefined) return { verdict: 'declined', answer, why: 'it recommends none of what may be done' }
  if (CONFIDENCES.indexOf(answer.confidence) < CONFIDENCES.indexOf(confidence))
    return { verdict: 'unsure', answer, why: `its confidence is ${answer.confidence}, and from ${confidence} on a choice is tried` }
  return { verdict: 'accepted', answer, offer, why: `it recommends ${offer.id}` }
}

/** Models like to put JSON into a fence, or a word before it. */
function jsonIn(text: string): unknown {
  const from = text.indexOf('{')
  const to = text.lastIndexOf('}')
  if (from < 0 || to < from) return undefined
  try {
    return JSON.parse(text.slice(from, to + 1))
  } catch {
    return undefined
  }
}

function visible(answer: AdvisorAnswer): AdvisorAnswer {
  const { root_cause: cause, recommended_action: action, explanation } = answer
  return { ...answer, root_cause: printable(cause), recommended_action: printable(action), explanation: printable(explanation) }
}

function faultsOf(error: z.ZodError): string {
  const places = [...new Set(error.issues.map((issue) => issue.path.join('.')))].filter((place) => place !== '')
  return places.length === 0 ? 'no JSON object' : places.join(', ')
}
