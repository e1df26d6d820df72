/**
 * Owns what the advisor's answer means for an incident that no attempt has helped: a choice that was accepted is tried once, with
 * everything that guards an action; with any other answer, or none in time, a person has to look.
 */
import type { Clock } from '../../lib/clock.ts'
import { advisedPolicy, trialOf } from '../advisor/advised.ts'
import { end, next, type Stage, type StageResult, type Subject } from '../stage.ts'
import { answerAdvice, choiceOf } from '../store/advice.ts'
import type { Database } from '../store/database.ts'

export interface AdviseOptions {
  readonly database: Database
  readonly clock: Clock
  /** Undefined where no advisor is configured any more. */
  readonly waitMs: number | undefined
}

const LOOK_AGAIN_MS = 1_000

export function advise(options: AdviseOptions): Stage {
  return {
    name: 'advise',
    deadlineMs: 5_000,
    run: async (subject) => {
      const { incident, policy } = subject
      if (policy === undefined || incident.attempts === 0) return next(subject)
      const { database } = options
      const trial = trialOf(database, incident.id)
      if (trial) {
        const text = `The advisor recommends: ${trial.chosen.action}. It is tried once, with everything that guards an action.`
        return next({ ...subject, policy: advisedPolicy(database, incident, policy) }, { event: 'advisor.trial', text })
      }
      const advice = choiceOf(database, incident.id)
      if (advice === undefined || advice.outcome !== null || incident.escalatedAt !== null) return next(subject)
      if (advice.status === 'answered') return withoutAdvice(subject, advice.why ?? 'it had nothing to say')
      return waiting(subject, advice, options)
    },
  }
}

/** An answer that does not come in time is none, whatever it says later. */
function waiting(
  subject: Subject,
  advice: { readonly id: number; readonly at: string; readonly by: string | null },
  options: AdviseOptions,
): StageResult {
  const { database, clock, waitMs } = options
  const untilMs = Date.parse(advice.at) + (waitMs ?? 0)
  if (clock.nowMs() < untilMs) {
    return end(subject, {
      event: 'advisor.waiting',
      text: subject.incident.summary ?? 'The advisor is asked.',
      status: 'deferred',
      decision: 'act',
      reason: subject.incident.reason ?? 'verify_failed',
      outcome: 'failed',
      nextAtMs: Math.min(untilMs, clock.nowMs() + LOOK_AGAIN_MS),
    })
  }
  const why = waitMs === undefined ? 'no advisor is configured any more' : `it did not answer within ${waitMs / 1000} s`
  answerAdvice(database, {
    id: advice.id,
    askedAt: null,
    latencyMs: null,
    tokens: 0,
    verdict: 'timed_out',
    chosen: null,
    offers: [],
    request: null,
    answerText: null,
    answer: null,
    why,
    by: advice.by,
  })
  return withoutAdvice(subject, why)
}

function withoutAdvice(subject: Subject, why: string): StageResult {
  const { attempts } = subject.incident
  return end(subject, {
    event: 'advisor.no_help',
    text: `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} did not help, and the advisor is of no help: ${why.replace(/\.$/, '')}.`,
    status: 'done',
    decision: 'act',
    reason: 'verify_failed',
    outcome: 'failed',
    escalate: true,
  })
}
