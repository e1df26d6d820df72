/** Owns the work loop: takes due incidents from the store, runs each through the pipeline, and survives whatever a run throws. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import { OperationalError, messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import type { Journal } from './audit/journal.ts'
import { admitInbox } from './intake.ts'
import type { Incident } from './model.ts'
import type { Pipeline } from './pipeline.ts'
import type { Database } from './store/database.ts'
import { dueIncidents } from './store/incidents.ts'

/** Runs at the same time; each waits mostly for processes to end. */
const CONCURRENCY = 4
/** How often the store is asked when nothing calls: deferred incidents and other remediators' leftovers are found by this. */
const POLL_MS = 500
/** After a store failure: long enough for a lock to be released, short enough not to matter. */
const RETRY_MS = 1_000

export interface WorkerOptions {
  readonly database: Database
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Logger
  readonly pipeline: Pipeline
  /** Whether it is this remediator's turn: another one on the same store may be at work. */
  readonly mayWork: () => boolean
  /** Whether what was only told may be done now. */
  readonly mayActNow: (known: Incident) => boolean
  /** Tidies up: called at the start, after each run and every so often. */
  readonly sweep: (signal: AbortSignal) => Promise<void>
  readonly onStoreError: (reason: string) => void
  readonly onDone: (incident: Incident) => void
}

export class Worker {
  readonly #options: WorkerOptions
  readonly #stop = new AbortController()
  readonly #running = new Map<string, Promise<void>>()
  #wake: (() => void) | undefined
  #woken = false
  #loop: Promise<void> = Promise.resolve()

  constructor(options: WorkerOptions) {
    this.#options = options
  }

  start(): void {
    this.#loop = this.#run()
  }

  /** There may be something new: look now. */
  wake(): void {
    this.#woken = true
    this.#wake?.()
  }

  /** Takes nothing new and waits for what runs. A run that waits for a process is broken off; it goes on after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('procwarden is stopping'))
    this.wake()
    await this.#loop
    await Promise.allSettled(this.#running.values())
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#woken = false
      const pauseMs = await this.#takeWork()
      if (!this.#woken) await this.#pause(pauseMs)
    }
  }

  /** Starts what is due, as far as there is room; returns how long to pause. */
  async #takeWork(): Promise<number> {
    const { database, journal, clock, log, mayWork, mayActNow, sweep, onStoreError } = this.#options
    try {
      if (!mayWork()) return POLL_MS
      while (admitInbox(database, journal, clock, mayActNow) > 0) {
        if (this.#stop.signal.aborted) return 0
        // Deliveries that came meanwhile are acknowledged first.
        await nextTurn()
      }
      for (let begun = 0; begun < CONCURRENCY; begun++) {
        const due = this.#nextDue()
        if (due === undefined) break
        this.#begin(due)
        // Each makes several commits: deliveries are acknowledged in between.
        await nextTurn()
        if (this.#stop.signal.aborted) return 0
      }
      await sweep(this.#stop.signal)
      return POLL_MS
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      onStoreError(error.reason)
      log.error('The store cannot be used right now; work waits and is tried again', { reason: error.reason, error: messageOf(error) })
      return RETRY_MS
    }
  }

  /** As it is in the store at this moment; undefined when nothing is due, or no room left. */
  #nextDue(): Incident | undefined {
    if (this.#running.size >= CONCURRENCY) return undefined
    const { database, clock } = this.#options
    return dueIncidents(database, clock.nowMs(), this.#running.size + 1).find(({ id }) => !this.#running.has(id))
  }

  #begin(incident: Incident): void {
    const run = this.#runOne(incident).finally(() => {
      this.#running.delete(incident.id)
      this.wake()
    })
    this.#running.set(incident.id, run)
  }

  async #runOne(incident: Incident): Promise<void> {
    const { pipeline, log, onDone, onStoreError, clock } = this.#options
    try {
      onDone(await pipeline.run(incident, this.#stop.signal))
    } catch (error) {
      if (this.#stop.signal.aborted) return
      log.error(`Incident ${incident.id} could not be worked on; it is tried again`, { error: messageOf(error) })
      if (error instanceof OperationalError) onStoreError(error.reason)
      else this.#giveUp(incident, error)
      // The incident is still due in the store: without a pause it would be taken again at once.
      await clock.sleep(RETRY_MS, this.#stop.signal).catch(() => undefined)
    }
  }

  #giveUp(incident: Incident, cause: unknown): void {
    const { pipeline, log, onDone } = this.#options
    try {
      onDone(pipeline.giveUp(incident, `A fault inside procwarden: ${messageOf(cause)}`))
    } catch (error) {
      log.error(`Incident ${incident.id} could not be closed either`, { error: messageOf(error) })
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    }).then(() => {
      this.#wake = undefined
    })
  }
}
