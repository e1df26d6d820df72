/**
 * Owns to whom an incident goes when nothing helped: to the advisor, once, where the policy says so and one is configured; then to
 * a person. What is being tried on the advisor's word is concluded here, whatever its end.
 */
import type { Journal } from './audit/journal.ts'
import { offersOf } from './advisor/offers.ts'
import { trialOf } from './advisor/advised.ts'
import type { Incident, Outcome } from './model.ts'
import type { Policy } from './policies/policy.ts'
import type { Ending } from './stage.ts'
import { choiceOf, concludeAdvice, insertAdvice } from './store/advice.ts'
import type { Database } from './store/database.ts'
import { closeAdvisorEscalations, insertEscalation } from './store/escalations.ts'

export type HandedTo = 'advisor' | 'person'

export interface HandOnOptions {
  readonly database: Database
  readonly journal: Journal
  /** How long an answer is waited for; undefined where no advisor is configured. */
  readonly advisorWaitMs: number | undefined
}

const HELPED: ReadonlySet<Outcome> = new Set([
  'killed',
  'frozen',
  'thawed',
  'restarted',
  'quarantined',
  'reaped',
  'executed',
  'target_gone',
  'cancelled',
])

/** Undefined: to nobody, or it was before. */
export function handedTo(incident: Incident, ending: Ending, policy: Policy | undefined, options: HandOnOptions): HandedTo | undefined {
  if (incident.escalatedAt !== null || !isWithoutHelp(incident, ending, options.database)) return undefined
  const levels = policy?.escalate ?? ['person']
  if (policy !== undefined && levels.includes('advisor') && mayAsk(incident, policy, options)) return 'advisor'
  // Whoever names an advisor alone is not left alone when that does not help.
  return levels.length > 0 ? 'person' : undefined
}

/** What an ending becomes while the advisor is asked: the incident stays open. */
export function whileAsking(ending: Ending, nowMs: number, { advisorWaitMs = 0 }: HandOnOptions): Ending {
  const { nextAtMs: _next, progress: _progress, ...others } = ending
  return {
    ...others,
    escalate: false,
    status: 'deferred',
    text: `${ending.text} The advisor is asked.`,
    nextAtMs: nowMs + advisorWaitMs + LATE_MS,
  }
}

/** For the answer to be written down. */
const LATE_MS = 1_000

/** Within the transaction that ends the run. */
export function handOn(to: HandedTo, incident: Incident, { reason, text }: Ending, at: string, { database, journal }: HandOnOptions): void {
  insertEscalation(database, { incident: incident.id, at, level: to, reason, text })
  journal.record('escalated', incident.id, `Handed on to ${to === 'advisor' ? 'the advisor' : 'a person'}: ${text}`, { level: to, reason })
  if (to === 'advisor') insertAdvice(database, { incident: incident.id, purpose: 'choice', at, by: null })
}

/** Within the transaction that ends a run for good: what the trial gave is kept with the advice. */
export function concludeTrial(incident: Incident, ending: Ending, at: string, { database, journal }: HandOnOptions): void {
  if (ending.status !== 'done' && ending.status !== 'cancelled') return
  const trial = trialOf(database, incident.id)
  closeAdvisorEscalations(database, incident.id, at)
  if (trial === undefined) return
  const outcome = ending.outcome ?? 'unknown'
  concludeAdvice(database, trial.id, outcome)
  const helped = HELPED.has(outcome) ? 'helped' : 'did not help'
  journal.record('advisor.concluded', incident.id, `What the advisor recommended (${trial.chosen.action}) ${helped}.`, {
    advice: trial.id,
    outcome,
  })
}

/** A trial that could not even be made, since a guard or a person forbade it, leaves the fault as it was. */
function isWithoutHelp(incident: Incident, { escalate, status, outcome }: Ending, database: Database): boolean {
  if (escalate === true) return true
  if (status !== 'done' || outcome === null || HELPED.has(outcome)) return false
  return trialOf(database, incident.id) !== undefined
}

function mayAsk(incident: Incident, policy: Policy, { database, advisorWaitMs }: HandOnOptions): boolean {
  return advisorWaitMs !== undefined && choiceOf(database, incident.id) === undefined && offersOf(policy).length > 0
}
