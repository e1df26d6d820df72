/**
 * Owns when incidents are diagnosed: aside from what is done about them, never before it, one after the other and within bounds.
 * The surest of a few looks is kept, and each that is surer than the one before has an entry in the audit trail.
 */
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import type { Journal } from '../audit/journal.ts'
import type { Incident } from '../model.ts'
import type { Prometheus } from '../prometheus.ts'
import type { Database } from '../store/database.ts'
import { diagnosisOf, keepDiagnosis } from '../store/diagnoses.ts'
import { getIncident } from '../store/incidents.ts'
import { bareCase, type Case } from './case.ts'
import { diagnose, rankOf } from './diagnose.ts'
import type { Diagnosis } from './diagnosis.ts'
import { factsOf, gather, whyMissing } from './gather.ts'

export interface DiagnosticianOptions {
  readonly database: Database
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Logger
  readonly prometheus: Prometheus | undefined
  readonly exporterUrl: string | undefined
}

export interface Diagnostician {
  /** Resolves when the first look at the incident is over, or after `budgetMs`, or at once when too many wait. Never throws. */
  settle(incident: Incident, budgetMs: number, signal: AbortSignal): Promise<void>
  /** Begins to look, unless that was done for this incident. Comes back at once. */
  consider(incident: Incident, signal: AbortSignal): void
}

/** All questions of one look together. */
const DEADLINE_MS = 20_000
const CONCURRENCY = 2
/** More are told from the alert alone: a flood of alerts needs no figures for each. */
const WAITING_MAX = 64
/** With more than this before it, nobody waits for a look. */
const WAITED_FOR_MAX = 4
/** A Prometheus that did not answer is left alone for so long. */
const SPARED_MS = 10_000
/** What is not sure is looked at again, when more has been measured. */
const AGAIN_MS: readonly number[] = [15_000, 60_000, 180_000]
const REMEMBERED_MAX = 1_000

export function createDiagnostician(options: DiagnosticianOptions): Diagnostician {
  /** First looks, by incident; the oldest go first. */
  const looks = new Map<string, Promise<void>>()
  const queue = new Queue(CONCURRENCY)
  let sparedUntilMs = -Infinity

  const caseOf = async (incident: Incident, signal: AbortSignal): Promise<Case> => {
    const nowMs = options.clock.nowMs()
    const bare = (why: string): Case => bareCase(factsOf(incident), nowMs / 1000, why)
    if (performance.now() < sparedUntilMs) return bare('Prometheus did not answer a moment ago.')
    if (queue.waiting > WAITING_MAX) return bare('Too many alerts came at once to ask for figures.')
    const both = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)])
    try {
      return await gather(incident, { ...options, nowMs, signal: both })
    } catch (error) {
      if (signal.aborted) throw error
      sparedUntilMs = performance.now() + SPARED_MS
      return bare(whyMissing(error))
    }
  }
  const look = async (incident: Incident | undefined, signal: AbortSignal): Promise<void> => {
    if (!incident || signal.aborted) return
    const found = diagnose(await caseOf(incident, signal))
    if (!signal.aborted) keep(incident, found, options)
  }
  const lookQuietly = (id: string, incident: () => Incident | undefined, signal: AbortSignal): Promise<void> =>
    queue
      .run(async () => look(incident(), signal))
      .catch((error: unknown) => {
        if (!signal.aborted) options.log.warn(`Incident ${id} could not be diagnosed`, { error: messageOf(error) })
      })
  const lookAgain = (id: string, signal: AbortSignal): void => {
    if (!signal.aborted && !isSure(options.database, id)) void lookQuietly(id, () => getIncident(options.database, id), signal)
  }
  const again = (id: string, signal: AbortSignal): void => {
    for (const afterMs of AGAIN_MS) setTimeout(() => lookAgain(id, signal), afterMs).unref()
  }
  const consider = (incident: Incident, signal: AbortSignal): Promise<void> => {
    const known = looks.get(incident.id)
    if (known) return known
    const first = lookQuietly(incident.id, () => incident, signal)
    for (const oldest of looks.keys()) {
      if (looks.size < REMEMBERED_MAX) break
      looks.delete(oldest)
    }
    looks.set(incident.id, first)
    void first.then(() => again(incident.id, signal))
    return first
  }
  return {
    consider: (incident, signal) => void consider(incident, signal),
    settle: async (incident, budgetMs, signal) => {
      const isAhead = queue.waiting <= WAITED_FOR_MAX
      const first = consider(incident, signal)
      if (isAhead) await atMost(first, budgetMs)
    },
  }
}

/** After a restart there may be one already. */
function isSure(database: Database, id: string): boolean {
  try {
    return diagnosisOf(database, id)?.confidence === 'high'
  } catch {
    // The store is closed: there is nothing left to look at.
    return true
  }
}

/** Only what is surer than what is known. */
function keep(incident: Incident, found: Diagnosis, { database, journal }: DiagnosticianOptions): void {
  database.transaction(() => {
    const known = diagnosisOf(database, incident.id)
    if (known && rankOf(known.confidence) >= rankOf(found.confidence) && !(known.name === 'unknown' && found.name !== 'unknown')) return
    keepDiagnosis(database, incident.id, found)
    const { name, root_cause: cause, confidence, recommended_action: action, explanation, evidence, source } = found
    journal.record('diagnosed', incident.id, `Diagnosis: ${cause}, with ${confidence} confidence. ${explanation}`, {
      diagnosis: name,
      confidence,
      recommended_action: action,
      source,
      evidence,
    })
  })
  journal.flush()
}

async function atMost(work: Promise<void>, budgetMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, budgetMs)))])
  clearTimeout(timer)
}

class Queue {
  readonly #waiting: Array<() => void> = []
  #free: number

  constructor(concurrency: number) {
    this.#free = concurrency
  }

  get waiting(): number {
    return this.#waiting.length
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free += 1
    }
  }
}
