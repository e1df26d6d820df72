/** Owns when each probe runs, and what has come of it so far. Never speaks HTTP itself. */
import type { Clock } from '../lib/clock.ts'
import { assert } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import { PROBE_FAILURES, probeHttp, type ProbeFailure, type ProbeResult, type ProbeTarget } from './sources/probe-http.ts'

export interface ProbeSettings extends ProbeTarget {
  /** The value of the `probe` label. */
  readonly name: string
  readonly intervalMs: number
}

export interface ProbeState {
  readonly name: string
  /** Absent until the first run has ended. */
  last: ProbeResult | undefined
  readonly failures: Map<ProbeFailure, number>
  /** Answers by how long they took: one more than LATENCY_BOUNDS, the last for whatever is longer. */
  readonly latencyCounts: number[]
  latencySumSeconds: number
}

/** Upper bounds in seconds; 2 s is where users begin to leave. */
export const LATENCY_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30] as const

export interface ProbeRunnerOptions {
  readonly clock: Clock
  readonly log: Logger
}

/** Probes that run at the same moment; further ones wait for their turn. */
const CONCURRENT_MAX = 20

interface Loop {
  readonly settings: ProbeSettings
  readonly stop: AbortController
}

export class ProbeRunner {
  readonly #options: ProbeRunnerOptions
  readonly #states = new Map<string, ProbeState>()
  #loops: Loop[] = []
  #running = 0
  readonly #waiting: Array<() => void> = []

  constructor(options: ProbeRunnerOptions) {
    this.#options = options
  }

  /** Starts these probes in place of those before. What a probe of the same name has counted stays. */
  configure(probes: readonly ProbeSettings[]): void {
    this.close()
    const names = new Set(probes.map(({ name }) => name))
    for (const name of this.#states.keys()) if (!names.has(name)) this.#states.delete(name)
    this.#loops = probes.map((settings) => ({ settings, stop: new AbortController() }))
    for (const loop of this.#loops) {
      const state = this.#states.get(loop.settings.name) ?? newState(loop.settings.name)
      this.#states.set(state.name, state)
      void this.#run(loop, state)
    }
  }

  /** In the order of the configuration. */
  states(): Iterable<ProbeState> {
    return this.#loops.flatMap(({ settings }) => this.#states.get(settings.name) ?? [])
  }

  /** Ends every probe, also those under way. */
  close(): void {
    for (const { stop } of this.#loops) stop.abort()
    this.#loops = []
  }

  async #run({ settings, stop: { signal } }: Loop, state: ProbeState): Promise<void> {
    while (!signal.aborted) {
      await this.#turn()
      const startMs = performance.now()
      const result = signal.aborted ? undefined : await probeHttp(settings, signal)
      this.#endTurn()
      if (signal.aborted || result === undefined) return
      this.#take(state, result)
      const pauseMs = Math.max(0, settings.intervalMs - (performance.now() - startMs))
      await this.#options.clock.sleep(pauseMs, signal).catch(() => undefined)
    }
  }

  #take(state: ProbeState, result: ProbeResult): void {
    const before = state.last?.failure
    if (result.failure !== before) {
      if (result.failure === undefined) this.#options.log.info(`the probe ${state.name} is healthy again`)
      else this.#options.log.warn(`the probe ${state.name} fails: ${SENTENCES[result.failure]}`)
    }
    state.last = result
    if (result.failure !== undefined) state.failures.set(result.failure, (state.failures.get(result.failure) ?? 0) + 1)
    if (result.answered) observe(state, result.durationSeconds)
  }

  async #turn(): Promise<void> {
    if (this.#running >= CONCURRENT_MAX) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running++
  }

  /** The turn passes straight on to the next in line. */
  #endTurn(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#running--
    else next()
    assert(this.#running >= 0, 'a turn ends once')
  }
}

/** What a person may know of it; the URL may hold a password and is not said. */
const SENTENCES: Readonly<Record<ProbeFailure, string>> = {
  timeout: 'no whole answer in time',
  dns: 'its host has no address',
  connection: 'the connection is refused or breaks',
  tls: 'its certificate or TLS is not accepted',
  protocol: 'the answer is not HTTP',
  status: 'the status is not the expected one',
  body: 'the body is not the expected one',
}

function newState(name: string): ProbeState {
  return {
    name,
    last: undefined,
    failures: new Map(PROBE_FAILURES.map((failure) => [failure, 0])),
    latencyCounts: Array.from({ length: LATENCY_BOUNDS.length + 1 }, () => 0),
    latencySumSeconds: 0,
  }
}

function observe(state: ProbeState, seconds: number): void {
  const index = LATENCY_BOUNDS.findIndex((bound) => seconds <= bound)
  const bucket = index < 0 ? LATENCY_BOUNDS.length : index
  state.latencyCounts[bucket] = (state.latencyCounts[bucket] ?? 0) + 1
  state.latencySumSeconds += seconds
}
