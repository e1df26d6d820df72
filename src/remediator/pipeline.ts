/** Owns the order of the stages and the bookkeeping between them: what was found is durable before anything is done. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import { OperationalError } from '../lib/errors.ts'
import type { Incident, IncidentPatch, Note } from './model.ts'
import { concludeTrial, handOn, handedTo, whileAsking, type HandOnOptions, type HandedTo } from './hand-on.ts'
import { mainAction } from './policies/words.ts'
import type { Ending, Stage, StageResult, Subject } from './stage.ts'
import { voidApprovalOf } from './store/approvals.ts'
import { getIncident, updateIncident } from './store/incidents.ts'
import { concludeIntent, openIntentOf } from './store/intents.ts'
import { isSynthetic } from './synthetic.ts'

export interface Stages {
  readonly recover: Stage
  readonly admit: Stage
  readonly matchPolicy: Stage
  readonly advise: Stage
  readonly identify: Stage
  readonly guard: Stage
  readonly approve: Stage
  readonly snapshot: Stage
  readonly act: Stage
  readonly verify: Stage
}

export interface Pipeline {
  /** Takes an incident as far as it goes now and returns its new state. Store failures are thrown; the incident can be run again. */
  run(incident: Incident, signal: AbortSignal): Promise<Incident>
  /** After a fault of ours: ends the incident, visibly, instead of trying for ever. What was begun is unknown, and a person is called. */
  giveUp(incident: Incident, text: string): Incident
}

/** Told of each stage's boundaries; `conclude` is the last of them. */
export interface StageObserver {
  before(stage: string, incident: Incident): void
  after(stage: string, incident: Incident): void
}

export interface PipelineOptions extends HandOnOptions {
  readonly clock: Clock
  /** Called in the transaction that ends a run: mails are enqueued with it or not at all. */
  readonly onEnding: (incident: Incident, ending: Ending) => void
  /** Called once an incident has been handed on. */
  readonly onEscalation: (to: HandedTo) => void
  /** Called before a run ends, when all that is done is done; what it finds out is there for the ending. Never throws. */
  readonly beforeEnding?: (incident: Incident, ending: Ending, signal: AbortSignal) => Promise<void>
  readonly observer?: StageObserver | undefined
}

export function buildPipeline(stages: Stages, options: PipelineOptions): Pipeline {
  const { recover, admit, matchPolicy, advise, identify, guard, approve, snapshot, act, verify } = stages
  return createPipeline([recover, admit, matchPolicy, advise, identify, guard, approve, snapshot, act, verify], options)
}

function createPipeline(stages: readonly Stage[], options: PipelineOptions): Pipeline {
  return {
    run: async (incident, signal) => {
      const record = new Record(incident, options)
      let subject: Subject = { incident }
      for (const stage of stages) {
        if (subject.resumeAt !== undefined && subject.resumeAt !== stage.name) continue
        const { resumeAt: _resumed, ...current } = subject
        signal.throwIfAborted()
        // Requests that came meanwhile are answered first.
        await nextTurn()
        if (stage.needsRecord === true) record.write()
        options.observer?.before(stage.name, current.incident)
        const result = await runInTime(stage, { ...current, incident: record.incident }, signal)
        if (result.kind === 'end') {
          if (!isSynthetic(record.incident)) await options.beforeEnding?.(record.incident, result.ending, signal)
          return conclude(result.subject, result.ending, record, options)
        }
        record.add(result.note, result.patch)
        subject = { ...result.subject, incident: record.incident }
        options.observer?.after(stage.name, subject.incident)
      }
      throw new Error('assertion failed: the last stage must end the run')
    },
    giveUp: (incident, text) => {
      const { database, clock } = options
      const stored = getIncident(database, incident.id) ?? incident
      const begun = openIntentOf(database, incident.id)
      const ending: Ending = {
        event: 'failed',
        text,
        status: 'done',
        decision: stored.decision,
        reason: 'internal_error',
        outcome: 'failed',
        escalate: true,
        // Left open, it would keep everybody from acting on the same target until the machine reboots.
        within: () => {
          if (begun) concludeIntent(database, begun.id, 'unknown', new Date(clock.nowMs()).toISOString())
        },
      }
      return conclude({ incident: stored }, ending, new Record(stored, options), options)
    },
  }
}

/** A stage that does not come back in time is left behind; what it may have begun is found by the next run. */
async function runInTime(stage: Stage, subject: Subject, signal: AbortSignal): Promise<StageResult> {
  const overdue = new OperationalError(`the stage ${stage.name} took longer than ${stage.deadlineMs / 1000} s`, {
    reason: 'timed_out',
    retryable: true,
  })
  const own = new AbortController()
  const timer = setTimeout(() => own.abort(overdue), stage.deadlineMs)
  const both = AbortSignal.any([signal, own.signal])
  try {
    return await new Promise((resolve, reject) => {
      own.signal.addEventListener('abort', () => reject(overdue), { once: true })
      stage.run(subject, both).then(resolve, reject)
    })
  } finally {
    clearTimeout(timer)
  }
}

/** What was found and is not on disk yet. A crash loses it, and the next run finds it again: nothing was done on its strength. */
class Record {
  readonly #options: PipelineOptions
  #notes: Note[] = []
  #patch: IncidentPatch = {}
  #incident: Incident

  constructor(incident: Incident, options: PipelineOptions) {
    this.#incident = incident
    this.#options = options
  }

  get incident(): Incident {
    return this.#incident
  }

  add(note: Note | undefined, patch: IncidentPatch | undefined): void {
    if (note) this.#notes.push(note)
    if (!patch) return
    this.#patch = { ...this.#patch, ...patch }
    this.#incident = { ...this.#incident, ...patch }
  }

  /** `also` joins the same transaction, after the notes. */
  write(also?: () => void): void {
    if (this.#notes.length === 0 && Object.keys(this.#patch).length === 0 && !also) return
    const { database, journal } = this.#options
    this.#incident = database.transaction(() => {
      for (const note of this.#notes) journal.record(note.event, this.#incident.id, note.text, note.data)
      also?.()
      return updateIncident(database, this.#incident.id, this.#patch)
    })
    this.#notes = []
    this.#patch = {}
    journal.flush()
  }
}

function conclude(subject: Subject, reached: Ending, record: Record, options: PipelineOptions): Incident {
  const { database, journal, clock, onEnding, observer } = options
  const { incident } = record
  const to = handedTo(incident, reached, subject.policy, options)
  const ending = to === 'advisor' ? whileAsking(reached, clock.nowMs(), options) : { ...reached, escalate: to === 'person' }
  observer?.before('conclude', incident)
  const at = new Date(clock.nowMs()).toISOString()
  const isClosed = ending.status === 'done' || ending.status === 'cancelled'
  const { policy } = subject
  record.add(undefined, {
    status: ending.status,
    decision: ending.decision,
    reason: ending.reason,
    outcome: ending.outcome,
    summary: ending.text,
    mode: subject.mode ?? incident.mode,
    policy: policy?.name ?? incident.policy,
    action: ending.action ?? (policy ? mainAction(policy.ladder, Math.max(1, incident.attempts)) : incident.action),
    target: subject.target ?? incident.target,
    // Once all steps are done, only looking is left: another incident may act on the same target meanwhile.
    progress: ending.progress ? { ...ending.progress, intentId: null } : null,
    nextAtMs: ending.nextAtMs ?? null,
    closedAt: isClosed ? at : null,
    ...(to === 'person' ? { escalatedAt: at } : {}),
    // What was approved was something else than what the advisor will choose.
    ...(to === 'advisor' ? { approvedBy: null } : {}),
  })
  record.write(() => {
    const { event, text, status, decision, reason, outcome, data } = ending
    // What is looked at again and again is told once.
    const isRepeat = status === 'deferred' && incident.summary === text && incident.reason === reason
    if (!isRepeat && !isSynthetic(incident)) journal.record(event, incident.id, text, { decision, reason, outcome, ...data })
    const { intentId = null, results = [] } = subject.progress ?? {}
    if (intentId !== null) concludeIntent(database, intentId, outcome ?? results.at(-1)?.outcome ?? 'unknown', at)
    if (!isSynthetic(incident)) concludeTrial(incident, ending, at, options)
    if (to !== undefined) handOn(to, incident, ending, at, options)
    ending.within?.()
    // What is not asked any more can no longer be answered.
    if (status !== 'awaiting_approval') voidApprovalOf(database, incident.id, clock.nowMs())
    if (!isSynthetic(incident)) onEnding({ ...record.incident }, ending)
  })
  if (to !== undefined) options.onEscalation(to)
  observer?.after('conclude', record.incident)
  return record.incident
}
