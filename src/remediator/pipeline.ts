/** Owns the order of the stages and the bookkeeping between them: what a stage found is durable before the next one runs. */
import type { Clock } from '../lib/clock.ts'
import type { Journal } from './audit/journal.ts'
import type { Incident, IncidentPatch } from './model.ts'
import type { Ending, Stage, Subject } from './stage.ts'
import type { Database } from './store/database.ts'
import { updateIncident } from './store/incidents.ts'
import { concludeIntent } from './store/intents.ts'

export interface Stages {
  readonly recover: Stage
  readonly admit: Stage
  readonly matchPolicy: Stage
  readonly identify: Stage
  readonly guard: Stage
  readonly approve: Stage
  readonly act: Stage
  readonly verify: Stage
}

export interface Pipeline {
  /** Takes an incident as far as it goes now and returns its new state. Store failures are thrown; the incident can be run again. */
  run(incident: Incident, signal: AbortSignal): Promise<Incident>
}

export interface PipelineOptions {
  readonly database: Database
  readonly journal: Journal
  readonly clock: Clock
  /** Called in the transaction that ends a run: mails are enqueued with it or not at all. */
  readonly onEnding: (incident: Incident, ending: Ending) => void
}

export function buildPipeline(stages: Stages, options: PipelineOptions): Pipeline {
  const { recover, admit, matchPolicy, identify, guard, approve, act, verify } = stages
  return createPipeline([recover, admit, matchPolicy, identify, guard, approve, act, verify], options)
}

function createPipeline(stages: readonly Stage[], options: PipelineOptions): Pipeline {
  const { database, journal } = options
  return {
    run: async (incident, signal) => {
      let subject: Subject = { incident }
      for (const stage of stages) {
        signal.throwIfAborted()
        const result = await stage.run(subject, signal)
        if (result.kind === 'end') return conclude(result.subject, result.ending, options)
        const { note, patch } = result
        subject = result.subject
        if (note || patch) {
          const updated = database.transaction(() => {
            if (note) journal.record(note.event, incident.id, note.text, note.data)
            return updateIncident(database, incident.id, patch ?? {})
          })
          journal.flush()
          subject = { ...subject, incident: updated }
        }
      }
      throw new Error('assertion failed: the last stage must end the run')
    },
  }
}

function conclude(subject: Subject, ending: Ending, { database, journal, clock, onEnding }: PipelineOptions): Incident {
  const isClosed = ending.status === 'done' || ending.status === 'cancelled'
  const patch: IncidentPatch = {
    status: ending.status,
    decision: ending.decision,
    reason: ending.reason,
    outcome: ending.outcome,
    summary: ending.text,
    mode: subject.mode ?? subject.incident.mode,
    policy: subject.policy?.name ?? subject.incident.policy,
    action: ending.action ?? subject.policy?.action ?? subject.incident.action,
    target: subject.target ?? subject.incident.target,
    nextAtMs: ending.nextAtMs ?? null,
    closedAt: isClosed ? new Date(clock.nowMs()).toISOString() : null,
  }
  const incident = database.transaction(() => {
    journal.record(ending.event, subject.incident.id, ending.text, {
      decision: ending.decision,
      reason: ending.reason,
      outcome: ending.outcome,
      ...ending.data,
    })
    if (subject.intentId !== undefined && ending.outcome !== null)
      concludeIntent(database, subject.intentId, ending.outcome, new Date(clock.nowMs()).toISOString())
    const updated = updateIncident(database, subject.incident.id, patch)
    onEnding(updated, ending)
    return updated
  })
  journal.flush()
  return incident
}
