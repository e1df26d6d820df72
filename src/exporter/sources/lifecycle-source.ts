/** Owns the descriptor of process events: reading it in batches often enough that none is lost, and telling how many were. */
import { closeSync, readSync } from 'node:fs'
import { errnoOf, messageOf } from '../../lib/errors.ts'
import { parseProcEvents, type ProcEvent } from '../../lib/linux/proc-events.ts'
import type { Logger } from '../../lib/log.ts'

export interface LifecycleSink {
  /** Events in the kernel's order; may be none. */
  take(events: readonly ProcEvent[]): void
  /** Events, of processes and threads alike, that the kernel could not deliver: so many more are known of now, perhaps 0 at first. */
  lost(count: number): void
}

export interface LifecycleSourceOptions {
  /** Of the proc connector; closed with the source. */
  readonly fd: number
  readonly sink: LifecycleSink
  readonly log: Logger
}

const DRAIN_INTERVAL_MS = 100
const READ_BYTES = 1 << 14
/**
 * A storm of forks must not keep the event loop for itself. The kernel's buffer holds some 80,000 events, so all that had
 * happened when a drain began is in these batches.
 */
const BATCH_EVENTS_MAX = 50_000
const BATCHES_MAX = 2

export class LifecycleSource {
  readonly #options: LifecycleSourceOptions
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES)
  /** The number that the next event of each CPU bears. */
  readonly #expected = new Map<number, number>()
  readonly #timer: NodeJS.Timeout
  #events: ProcEvent[] = []
  #draining = false
  #closed = false
  #loggedFault: string | undefined

  constructor(options: LifecycleSourceOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#drainLogged(), DRAIN_INTERVAL_MS)
    this.#timer.unref()
  }

  /** Hands over all that has happened so far. Synchronous; a call from within the sink does nothing. Throws when the socket fails. */
  drain(): void {
    if (this.#closed || this.#draining) return
    this.#draining = true
    try {
      for (let batch = 0; batch < BATCHES_MAX && this.#drainBatch() >= BATCH_EVENTS_MAX; batch++);
    } finally {
      this.#draining = false
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    closeSync(this.#options.fd)
  }

  #drainBatch(): number {
    const lost = this.#readBatch()
    const events = this.#events
    this.#events = []
    if (lost !== undefined) this.#options.sink.lost(lost)
    this.#options.sink.take(events)
    return events.length
  }

  /** ENOBUFS says that events were lost, gaps in the numbers say how many; either may be seen without the other at first. */
  #readBatch(): number | undefined {
    let lost = 0
    let isOverrun = false
    const parser = {
      event: (event: ProcEvent) => void this.#events.push(event),
      sequence: (cpu: number, sequence: number) => {
        const expected = this.#expected.get(cpu)
        // A step back is a counter that began anew, not a loss.
        const gap = expected === undefined ? 0 : (sequence - expected) >>> 0
        if (gap < 0x8000_0000) lost += gap
        this.#expected.set(cpu, (sequence + 1) >>> 0)
      },
    }
    while (this.#events.length < BATCH_EVENTS_MAX) {
      try {
        const size = readSync(this.#options.fd, this.#buffer)
        parseProcEvents(this.#buffer, size, parser)
      } catch (error) {
        const errno = errnoOf(error)
        if (errno === 'EAGAIN') break
        if (errno !== 'ENOBUFS') throw error
        isOverrun = true
      }
    }
    return isOverrun || lost > 0 ? lost : undefined
  }

  #drainLogged(): void {
    try {
      this.drain()
    } catch (error) {
      const fault = messageOf(error)
      if (fault !== this.#loggedFault) this.#options.log.error(`process events cannot be read: ${fault}`)
      this.#loggedFault = fault
    }
  }
}
