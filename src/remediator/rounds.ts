/** Owns what the working remediator does by the clock: compare with Alertmanager at its start and every minute, and forget what is old. */
import type { Alertmanager } from './alertmanager.ts'
import type { Foundation } from './assemble.ts'
import { OperationalError, messageOf } from '../lib/errors.ts'
import type { MayActNow } from './intake.ts'
import { reconcileQuietly } from './reconcile.ts'
import { forgetOldIncidents } from './retention.ts'

const EVERY_MS = 60_000
const FORGET_EVERY_MS = 3_600_000
/** An Alertmanager that does not answer must not keep what was acknowledged before from being handled. */
const CATCH_UP_MS_MAX = 5_000

export interface RoundsOptions {
  readonly foundation: Pick<Foundation, 'database' | 'journal' | 'clock' | 'log' | 'metrics'>
  /** Undefined where none is configured. */
  readonly alertmanager: () => Alertmanager | undefined
  readonly mayActNow: MayActNow
  readonly retentionDays: () => number
  readonly onWork: () => void
}

export class RoundsKeeper {
  readonly #options: RoundsOptions
  #stop = new AbortController()
  #loop: Promise<void> = Promise.resolve()
  #wake: (() => void) | undefined
  #isCaughtUp = false

  constructor(options: RoundsOptions) {
    this.#options = options
  }

  /** Whether the first comparison is over: before it, what has resolved meanwhile could be acted upon. */
  get isCaughtUp(): boolean {
    return this.#isCaughtUp
  }

  start(): void {
    this.#stop = new AbortController()
    this.#loop = this.#run(this.#stop.signal)
  }

  /** Compare now, not in a minute: what may be done has changed. */
  soon(): void {
    this.#wake?.()
  }

  async stop(): Promise<void> {
    this.#isCaughtUp = false
    this.#stop.abort()
    this.#wake?.()
    await this.#loop
  }

  async #run(signal: AbortSignal): Promise<void> {
    let forgetAtMs = 0
    while (!signal.aborted) {
      const round = this.#round(signal)
      if (!this.#isCaughtUp) await Promise.race([round, pause(CATCH_UP_MS_MAX, signal)])
      this.#isCaughtUp = !signal.aborted
      this.#options.onWork()
      await round
      const nowMs = performance.now()
      if (nowMs >= forgetAtMs) {
        forgetAtMs = nowMs + FORGET_EVERY_MS
        await this.#forget()
      }
      if (!signal.aborted) await pause(EVERY_MS, signal, (wake) => (this.#wake = wake))
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { foundation, mayActNow, onWork } = this.#options
    const alertmanager = this.#options.alertmanager()
    if (!alertmanager) return
    const outcome = await reconcileQuietly({ ...foundation, alertmanager, mayActNow }, signal)
    if (signal.aborted) return
    foundation.metrics.reconciled(outcome)
    onWork()
  }

  async #forget(): Promise<void> {
    const { database, journal, clock, log, metrics } = this.#options.foundation
    try {
      await forgetOldIncidents(database, journal, clock, this.#options.retentionDays())
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      metrics.storeFailed(error.reason)
      log.warn('Old incidents could not be removed; it is tried again in an hour', { error: messageOf(error) })
    }
  }
}

/** Resolves after `ms`, when woken, or when aborted. */
function pause(ms: number, signal: AbortSignal, onWakeable?: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    onWakeable?.(done)
  })
}
