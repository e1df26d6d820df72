/**
 * Owns when checks run: on the schedule, one after the other; by hand, one after the other; and as verification, at once. Each
 * result is judged against the baseline, kept in the store and counted.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import { OperationalError, messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import { insertCheckRun, latestCheckRun } from '../store/check-runs.ts'
import type { Database } from '../store/database.ts'
import { createBaselineReader, healthyP95, type Baseline } from './baseline.ts'
import { checkAndJudge } from './check-and-judge.ts'
import type { ChecksConfig } from './config.ts'
import type { CheckDefinition } from './definition.ts'
import { LoadGenerator } from './load-generator.ts'
import type { CheckFigures, CheckResult, CheckTrigger } from './result.ts'
import type { CheckTools } from './check-tools.ts'

export interface CheckKeeperOptions {
  readonly config: ChecksConfig
  readonly stateDir: string
  readonly database: Database
  readonly clock: Clock
  readonly log: Logger
  /** As it is when a check runs: where we listen is known only by then. */
  readonly tools: () => Omit<CheckTools, 'load'>
  readonly onResult: (result: CheckResult) => void
  readonly onStoreError: (reason: string) => void
}

/** How a configured check stands. */
export interface CheckState {
  readonly definition: CheckDefinition
  readonly everySeconds: number
  readonly last: CheckResult | undefined
  readonly healthy: CheckFigures | undefined
  /** What its p95 is compared with. */
  readonly healthyP95Seconds: number | undefined
}

/** Runs by hand that wait for each other; one more is refused. */
const BY_HAND_MAX = 16

export class CheckKeeper {
  readonly #options: CheckKeeperOptions
  readonly #baseline: () => Baseline | undefined
  #stop = new AbortController()
  #loop: Promise<void> = Promise.resolve()
  #byHand: Promise<unknown> = Promise.resolve()
  #byHandCount = 0

  constructor(options: CheckKeeperOptions) {
    this.#options = options
    this.#baseline = createBaselineReader(options.stateDir, (why) => options.log.warn(`The baseline of the checks is not used: ${why}`))
  }

  get names(): readonly string[] {
    return this.#options.config.suite.map((check) => check.name)
  }

  states(): CheckState[] {
    const { config, database } = this.#options
    const baseline = this.#baseline()
    return config.suite.map((definition) => ({
      definition,
      everySeconds: definition.every_seconds ?? config.interval_seconds,
      last: latestCheckRun(database, definition.name),
      healthy: baseline?.checks[definition.name],
      healthyP95Seconds: healthyP95(baseline?.checks[definition.name], config.drift),
    }))
  }

  start(): void {
    this.#stop = new AbortController()
    if (this.#options.config.enabled && this.#options.config.suite.length > 0) this.#loop = this.#keep(this.#stop.signal)
  }

  /** A check that runs is broken off. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('procwarden is stopping'))
    await Promise.allSettled([this.#loop, this.#byHand])
  }

  /** Undefined when there is no such check. Throws OperationalError `busy` when too many wait. */
  async runByHand(name: string, trigger: 'hand' | 'baseline' = 'hand'): Promise<CheckResult | undefined> {
    if (this.#byHandCount >= BY_HAND_MAX)
      throw new OperationalError(`${BY_HAND_MAX} checks wait to be run already`, { reason: 'busy', retryable: true })
    this.#byHandCount += 1
    const { signal } = this.#stop
    const mine = this.#byHand.then(() => this.runNow(name, trigger, signal))
    this.#byHand = mine.catch(() => undefined)
    try {
      return await mine
    } finally {
      this.#byHandCount -= 1
    }
  }

  /** At once, beside whatever else runs. Undefined when there is no such check. */
  async runNow(name: string, trigger: CheckTrigger, signal: AbortSignal): Promise<CheckResult | undefined> {
    const definition = this.#options.config.suite.find((check) => check.name === name)
    if (definition === undefined) return undefined
    const load = new LoadGenerator(this.#options.tools().environment)
    try {
      return await this.#run(definition, trigger, load, signal)
    } finally {
      load.close()
    }
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const { config } = this.#options
    const dueMs = new Map(config.suite.map((check) => [check.name, 0]))
    let isFirst = true
    await pause(config.after_start_seconds * 1000, signal)
    while (!signal.aborted) {
      const due = config.suite.filter((check) => (dueMs.get(check.name) ?? 0) <= performance.now())
      await this.#round(due, isFirst ? 'start' : 'schedule', signal)
      isFirst = false
      for (const check of due) {
        const everyMs = (check.every_seconds ?? config.interval_seconds) * 1000
        dueMs.set(check.name, performance.now() + everyMs * (1 + config.jitter * (Math.random() - 0.5)))
      }
      await pause(Math.max(100, Math.min(...dueMs.values()) - performance.now()), signal)
    }
  }

  async #round(checks: readonly CheckDefinition[], trigger: CheckTrigger, signal: AbortSignal): Promise<void> {
    const load = new LoadGenerator(this.#options.tools().environment)
    try {
      for (const check of checks) {
        if (signal.aborted) return
        await this.#run(check, trigger, load, signal).catch((error: unknown) => {
          if (!signal.aborted) this.#options.log.error(`The check ${check.name} could not be run: ${messageOf(error)}`)
        })
      }
    } finally {
      load.close()
    }
  }

  async #run(definition: CheckDefinition, trigger: CheckTrigger, load: LoadGenerator, signal: AbortSignal): Promise<CheckResult> {
    const { clock, tools, config, log, onResult } = this.#options
    const { name } = definition
    const healthy = this.#baseline()?.checks[name]
    const result = await checkAndJudge(definition, { trigger, clock, healthy, limits: config.drift }, { ...tools(), load }, signal)
    this.#keepResult(result)
    onResult(result)
    if (result.outcome === 'failed' || result.outcome === 'timed_out') log.warn(`The check ${name} failed: ${result.text}`, { trigger })
    else log.debug(`The check ${name}: ${result.text}`, { outcome: result.outcome, trigger })
    return result
  }

  #keepResult(result: CheckResult): void {
    const { database, config, log, onStoreError } = this.#options
    try {
      insertCheckRun(database, result, config.history_max)
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      onStoreError(error.reason)
      log.warn('The result of a check could not be kept', { check: result.check, error: messageOf(error) })
    }
  }
}

/** Does not keep the process alive. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false }).catch(() => undefined)
}
