/**
 * Owns who of several remediators on one store works: the one that holds the lease. The others take alerts in and answer
 * questions, and take over when the holder ends, hangs or is cut off. Never works itself.
 */
import { randomUUID } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import type { Clock } from '../lib/clock.ts'
import { OperationalError, messageOf } from '../lib/errors.ts'
import { readStat, type Procfs } from '../lib/linux/proc-process.ts'
import { isAlive } from '../lib/linux/proc-stat.ts'
import type { Logger } from '../lib/log.ts'
import type { Database } from './store/database.ts'
import { readLease, type Lease, type LeaseProcess } from './store/leases/read-lease.ts'
import { releaseLease } from './store/leases/release-lease.ts'
import { takeLease } from './store/leases/take-lease.ts'

/** Without a sign of life for so long the holder counts as gone; a disk that hangs for seconds must not be enough. */
const TTL_MS = 10_000
const RENEW_MS = 2_000

export interface LeadershipOptions {
  readonly database: Database
  readonly clock: Clock
  readonly procfs: Procfs
  readonly log: Logger
  readonly onStoreError: (reason: string) => void
  readonly onGained: () => void
  readonly onLost: () => void
}

export class Leadership {
  readonly #options: LeadershipOptions
  readonly #holder = randomUUID()
  readonly #process: LeaseProcess
  #isHeld = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: LeadershipOptions) {
    this.#options = options
    this.#process = ownProcess(options.procfs)
  }

  /** Whether this one works, as far as it knows; what is written is fenced besides. */
  get isHeld(): boolean {
    return this.#isHeld
  }

  /** Tries at once, and from then on every two seconds. */
  start(): void {
    this.#tick()
    this.#timer = setInterval(() => this.#tick(), RENEW_MS)
  }

  /** Gives the lease up, so that another one need not wait for it to run out. */
  stop(): void {
    clearInterval(this.#timer)
    if (!this.#isHeld) return
    this.#isHeld = false
    try {
      releaseLease(this.#options.database, this.#holder)
    } catch (error) {
      this.#options.log.warn('The lease could not be given up; it runs out by itself', { error: messageOf(error) })
    }
  }

  /** Within a transaction: throws OperationalError `not_leader` when another one has taken over. */
  readonly fence = (): void => {
    if (readLease(this.#options.database)?.holder === this.#holder) return
    throw new OperationalError('another remediator has taken over', { reason: 'not_leader', retryable: true })
  }

  #tick(): void {
    const { database, clock, log, onStoreError, onGained, onLost } = this.#options
    const now = clock.boot()
    try {
      const own = { holder: this.#holder, process: this.#process, ttlMs: TTL_MS }
      const isHeld = takeLease(database, own, (lease) => this.#isAbandoned(lease, now.ms, now.bootId), now) === this.#holder
      if (isHeld === this.#isHeld) return
      this.#isHeld = isHeld
      if (isHeld) onGained()
      else onLost()
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      // Whoever cannot write cannot act either: every action needs its intent in the store.
      onStoreError(error.reason)
      log.warn('The lease could not be renewed; it is tried again', { reason: error.reason, error: messageOf(error) })
    }
  }

  #isAbandoned(lease: Lease, nowMs: number, bootId: string): boolean {
    if (lease.bootId !== bootId || lease.untilBootMs <= nowMs) return true
    // In the same pid namespace a holder that was killed is seen at once.
    if (lease.process === undefined || lease.process.pidNamespace !== this.#process.pidNamespace) return false
    const stat = readStat(lease.process.pid, this.#options.procfs)
    return stat?.startTicks !== lease.process.startTicks || !isAlive(stat.state)
  }
}

function ownProcess(procfs: Procfs): LeaseProcess {
  return { pid: process.pid, startTicks: readStat(process.pid, procfs)?.startTicks ?? 0, pidNamespace: pidNamespace() }
}

/** pid_namespaces(7); where that cannot be told, nobody is taken for a neighbour. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return randomUUID()
  }
}
