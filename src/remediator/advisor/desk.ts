/**
 * Owns putting questions to the advisor beside the work: what waits in the store is asked, judged, kept with its incident and told
 * in the audit trail. It never acts, and an incident waits for it no longer than its time.
 */
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import type { Procfs } from '../../lib/linux/proc-process.ts'
import { printable } from '../../lib/log.ts'
import type { Journal } from '../audit/journal.ts'
import type { Incident } from '../model.ts'
import type { Policy } from '../policies/policy.ts'
import type { Ending } from '../stage.ts'
import type { Prometheus } from '../prometheus.ts'
import { adviceOf, adviceUse, answerAdvice, getAdvice, insertAdvice, waitingAdvice, type Advice } from '../store/advice.ts'
import type { Database } from '../store/database.ts'
import { getIncident, updateIncident } from '../store/incidents.ts'
import { answerSchema, judgeAnswer, type AdviceVerdict, type JudgedAnswer } from './answer.ts'
import { AdvisorError, createAsk, type AskAdvisor, type Exchange } from './client.ts'
import type { AdvisorSettings } from './config.ts'
import { gatherFacts } from './facts.ts'
import { offersOf, type Offer } from './offers.ts'
import { questionOf, type Question } from './question.ts'

export interface AdvisorDeskOptions {
  readonly settings: AdvisorSettings
  readonly database: Database
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Logger
  readonly procfs: Procfs
  readonly prometheus: Prometheus | undefined
  readonly policyOf: (incident: Incident) => Policy | undefined
  readonly onAnswer: (answer: { readonly verdict: AdviceVerdict; readonly seconds: number | undefined; readonly tokens: number }) => void
  /** An incident need not wait any longer. */
  readonly onWork: () => void
}

/** Questions at the same time; what waits for longer than the advisor's own time is not asked any more. */
const CONCURRENCY = 2
const DAY_MS = 86_400_000
/** After a failure. Without a pause a failure that needs no I/O would come round at once, and nothing else of the process had a turn. */
const REST_MS = 2_000
const ANSWER_TEXT_MAX = 8_000

interface Outcome extends JudgedAnswer {
  readonly question: Question | undefined
  readonly exchange: Exchange | undefined
  readonly askedAt: string | null
  readonly latencyMs: number | null
}

export class AdvisorDesk {
  readonly #options: AdvisorDeskOptions
  readonly #ask: AskAdvisor
  readonly #running = new Map<number, Promise<void>>()
  #stop = new AbortController()
  #isStarted = false
  /** Until then the server wants to be left alone (monotonic milliseconds). */
  #notBeforeMs = 0
  /** Exchanges that the store did not take: they were paid for all the same. */
  #unkept: ReadonlyArray<{ readonly atMs: number; readonly tokens: number }> = []
  /** Not undefined while the store cannot be read: the rest until it is tried again. */
  #looksAgain: Promise<void> | undefined
  #hasFailed = false

  constructor(options: AdvisorDeskOptions) {
    this.#options = options
    this.#ask = createAsk(options.settings)
  }

  /** Takes up what an earlier start has left. */
  start(): void {
    this.#isStarted = true
    this.#stop = new AbortController()
    this.wake()
  }

  async stop(): Promise<void> {
    this.#isStarted = false
    this.#stop.abort(new Error('procwarden is stopping'))
    await Promise.allSettled(this.#running.values())
  }

  /** How long an incident waits for an answer. */
  get waitMs(): number {
    return this.#options.settings.timeout_seconds * 1000
  }

  /** There may be a question. Never throws; where the store cannot be read, it is looked into again later. */
  wake(): void {
    if (!this.#isStarted) return
    try {
      this.#beginNext()
    } catch (error) {
      if (this.#looksAgain !== undefined) return
      this.#options.log.error('What the advisor is to be asked cannot be read; it is tried again', { error: messageOf(error) })
      this.#looksAgain = this.#lookAgain(this.#stop.signal)
    }
  }

  async #lookAgain(signal: AbortSignal): Promise<void> {
    await this.#rest(signal)
    this.#looksAgain = undefined
    if (!signal.aborted) this.wake()
  }

  #beginNext(): void {
    for (const advice of waitingAdvice(this.#options.database, CONCURRENCY + this.#running.size)) {
      if (this.#running.size >= CONCURRENCY) return
      if (!this.#running.has(advice.id)) this.#begin(advice)
    }
  }

  /** Asks for an opinion, and resolves with all that came of it. */
  async opinion(incident: Incident, by: string): Promise<Advice> {
    const { database, journal, clock } = this.#options
    const id = database.transaction(() => {
      journal.record('advisor.asked', incident.id, `The advisor is asked for its opinion by ${by}.`)
      return insertAdvice(database, { incident: incident.id, purpose: 'opinion', at: new Date(clock.nowMs()).toISOString(), by })
    })
    journal.flush()
    const advice = getAdvice(database, id)
    if (advice === undefined) throw new Error('assertion failed: it was written just now')
    this.#begin(advice)
    await this.#running.get(id)
    return getAdvice(database, id) ?? advice
  }

  /** Within the transaction that ends a run: an anomaly is worth an opinion, where the configuration says so. */
  concluded(incident: Incident, { status, reason }: Pick<Ending, 'status' | 'reason'>): void {
    const { settings, database, clock } = this.#options
    if (!settings.opinions || status !== 'done' || incident.labels['kind'] !== 'anomaly' || reason === 'not_this_host') return
    if (adviceOf(database, incident.id).length > 0) return
    insertAdvice(database, { incident: incident.id, purpose: 'opinion', at: new Date(clock.nowMs()).toISOString(), by: null })
    setImmediate(() => this.wake())
  }

  #begin(advice: Advice): void {
    this.#running.set(advice.id, this.#attempt(advice, this.#stop.signal))
  }

  /** Never rejects. What has failed stays in its place among the running until its rest is over. */
  async #attempt(advice: Advice, signal: AbortSignal): Promise<void> {
    try {
      await this.#answer(advice)
      this.#hasFailed = false
    } catch (error) {
      // Once, and again only after one has succeeded: a full disk lasts for hours.
      if (!signal.aborted && !this.#hasFailed)
        this.#options.log.error('The advisor could not be asked, or its answer not be kept; it is asked again', { error: messageOf(error) })
      this.#hasFailed = true
      await this.#rest(signal)
    }
    this.#running.delete(advice.id)
    if (!signal.aborted) this.wake()
  }

  /** Ends early, and does not reject, when the desk is stopped. */
  async #rest(signal: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(REST_MS, signal).catch(() => undefined)
  }

  async #answer(advice: Advice): Promise<void> {
    const { database, policyOf } = this.#options
    const incident = getIncident(database, advice.incident)
    if (incident === undefined) throw new Error(`the incident ${advice.incident} is not in the store`)
    const policy = policyOf(incident)
    const offers = policy === undefined ? [] : offersOf(policy)
    const outcome = await this.#consult(advice, incident, offers)
    try {
      this.#keep(advice, incident, offers, outcome)
    } catch (error) {
      if (outcome.askedAt !== null)
        this.#unkept = [...this.#unkept, { atMs: Date.parse(outcome.askedAt), tokens: outcome.exchange?.tokens ?? 0 }]
      throw error
    }
  }

  /** Never throws but when it is stopped. */
  async #consult(advice: Advice, incident: Incident, offers: readonly Offer[]): Promise<Outcome> {
    const { settings, clock } = this.#options
    const nothing = { question: undefined, exchange: undefined, askedAt: null, latencyMs: null }
    const refusal = this.#refusal(advice)
    if (refusal !== undefined) return { ...nothing, ...refusal }
    const question = questionOf(await gatherFacts(incident, { ...this.#options, nowMs: () => clock.nowMs() }), offers, settings)
    const askedAt = new Date(clock.nowMs()).toISOString()
    const begunMs = performance.now()
    const asked = (): Pick<Outcome, 'question' | 'askedAt' | 'latencyMs'> => ({
      question,
      askedAt,
      latencyMs: Math.round(performance.now() - begunMs),
    })
    try {
      const exchange = await this.#ask(question, answerSchema(offers), this.#stop.signal)
      return { ...asked(), exchange, ...judged(exchange, offers, settings, advice.purpose) }
    } catch (error) {
      this.#stop.signal.throwIfAborted()
      if (!(error instanceof AdvisorError)) throw error
      if (error.retryAfterMs !== undefined) this.#notBeforeMs = performance.now() + error.retryAfterMs
      return { ...asked(), exchange: undefined, verdict: error.verdict, why: error.message }
    }
  }

  /** Why it is not even asked. */
  #refusal({ at }: Advice): Pick<Outcome, 'verdict' | 'why'> | undefined {
    const { settings, clock } = this.#options
    if (clock.nowMs() - Date.parse(at) > this.waitMs) return { verdict: 'timed_out', why: 'its turn came too late' }
    if (performance.now() < this.#notBeforeMs)
      return {
        verdict: 'rate_limited',
        why: `it wants to be left alone for ${Math.ceil((this.#notBeforeMs - performance.now()) / 1000)} s more`,
      }
    const used = this.#used(clock.nowMs() - DAY_MS)
    if (used.requests >= settings.requests_per_day)
      return { verdict: 'budget', why: `it was asked ${used.requests} times within a day (advisor.requests_per_day)` }
    if (used.tokens >= settings.tokens_per_day)
      return { verdict: 'budget', why: `${used.tokens} tokens were used within a day (advisor.tokens_per_day)` }
    return undefined
  }

  /** Kept or not. */
  #used(sinceMs: number): ReturnType<typeof adviceUse> {
    const kept = adviceUse(this.#options.database, new Date(sinceMs).toISOString())
    this.#unkept = this.#unkept.filter(({ atMs }) => atMs >= sinceMs)
    return {
      requests: kept.requests + this.#unkept.length,
      tokens: this.#unkept.reduce((sum, { tokens }) => sum + tokens, kept.tokens),
    }
  }

  #keep(advice: Advice, incident: Incident, offers: readonly Offer[], outcome: Outcome): void {
    const { database, journal, clock, log, settings, onAnswer, onWork } = this.#options
    const { verdict, why, answer = null, question, exchange, askedAt, latencyMs, offer } = outcome
    const tokens = exchange?.tokens ?? 0
    const text = sentenceOf(outcome)
    const isFirst = database.transaction(() => {
      const isNew = answerAdvice(database, {
        id: advice.id,
        askedAt,
        latencyMs,
        tokens,
        verdict,
        chosen: verdict === 'accepted' ? (offer?.step ?? null) : null,
        offers: offers.map(({ id }) => id),
        request: question === undefined ? null : { model: settings.model, ...question },
        answerText: exchange === undefined ? null : printable(exchange.text).slice(0, ANSWER_TEXT_MAX),
        answer,
        why,
        by: advice.by,
      })
      if (!isNew) return false
      journal.record('advisor.answered', incident.id, text, {
        advice: advice.id,
        verdict,
        tokens,
        latencyMs,
        ...(answer ? { answer } : {}),
      })
      // Whatever waits for this answer goes on now.
      const now = getIncident(database, incident.id)
      if (advice.purpose === 'choice' && now?.status === 'deferred') updateIncident(database, incident.id, { nextAtMs: clock.nowMs() })
      return true
    })
    journal.flush()
    onAnswer({ verdict, seconds: latencyMs === null ? undefined : latencyMs / 1000, tokens })
    if (verdict === 'accepted' || verdict === 'told') log.info(text, { incident: incident.id, tokens })
    else log.warn(text, { incident: incident.id, verdict })
    if (isFirst) onWork()
  }
}

function judged(exchange: Exchange, offers: readonly Offer[], settings: AdvisorSettings, purpose: Advice['purpose']): JudgedAnswer {
  if (exchange.isRefused) return { verdict: 'refused', why: 'it does not want to answer' }
  if (exchange.isCutOff) return { verdict: 'cut_off', why: 'its answer was longer than it may be (advisor.answer_tokens_max)' }
  return judgeAnswer(exchange.text, offers, settings.confidence, purpose)
}

function sentenceOf({ verdict, why, answer }: Outcome): string {
  if (answer === undefined) return `The advisor is of no help: ${printable(why)}.`
  const opinion = `${answer.root_cause} (${answer.confidence} confidence; recommends ${answer.recommended_action}) ${answer.explanation}`
  if (verdict === 'accepted' || verdict === 'told') return `The advisor says: ${opinion}`
  return `The advisor's answer is not used, for ${printable(why)}. It said: ${opinion}`
}
