/** Owns which backend follows the lives of processes: the kernel's events where they may be had, differences between scans elsewhere. */
import type { Collector } from './collector.ts'
import type { KnownLife } from './file-credit.ts'
import { createLifecycleCollector, type LifecycleBackend, type LifecycleReason } from './collectors/lifecycle.ts'
import { ProcessLives } from './process-lives.ts'
import type { ProcessTable } from './process-table.ts'
import { NO_NAMES, createExecutedNames } from './sources/executed-names.ts'
import { LifecycleSource } from './sources/lifecycle-source.ts'
import { OperationalError, messageOf } from '../lib/errors.ts'
import type { Fanotify } from '../lib/linux/fanotify.ts'
import type { ProcConnector } from '../lib/linux/netlink-proc.ts'
import type { Logger } from '../lib/log.ts'

export interface LifecycleOptions {
  readonly table: ProcessTable
  readonly clock: { nowMs(): number }
  readonly log: Logger
  /** Undefined where process events would tell of another /proc than the one that is scanned. Throws OperationalError. */
  readonly openConnector: (() => ProcConnector) | undefined
  readonly openFanotify: () => Fanotify
  /** Brings the table up to date unless it is younger than this. */
  readonly scan: (ageMsMax: number) => Promise<void>
}

export interface Lifecycle {
  readonly collector: Collector
  /** After a change of the matchers. */
  renamed(): void
  lifeOf(pid: number): KnownLife | undefined
  /** Takes in what has happened so far. */
  refresh(): void
  close(): void
}

/** A scan that another collector has just made serves this one as well. */
const SCAN_AGE_MS_MAX = 500

/** Starts following at once. */
export function createLifecycle(options: LifecycleOptions): Lifecycle {
  const { table, clock, log } = options
  const opened = openEvents(options)
  // Without events nobody asks for names.
  const names = opened.fd === undefined ? NO_NAMES : createExecutedNames(options.openFanotify)
  const lives = new ProcessLives({ table, clock, names })
  table.setFollower(lives)
  const source = opened.fd === undefined ? undefined : new LifecycleSource({ fd: opened.fd, sink: lives, log })
  if (source !== undefined) lives.followEvents(() => source.drain())
  return {
    collector: createLifecycleCollector({
      groups: () => table.groups.values(),
      backend: opened.backend,
      reason: opened.reason,
      lostEvents: () => lives.lostEvents,
      drain: source === undefined ? () => options.scan(SCAN_AGE_MS_MAX) : () => source.drain(),
    }),
    renamed: () => lives.renamed(),
    lifeOf: (pid) => lives.lifeOf(pid),
    refresh: () => lives.refresh(),
    close: () => {
      source?.close()
      names.close()
    },
  }
}

interface Opened {
  readonly fd: number | undefined
  readonly backend: LifecycleBackend
  readonly reason: LifecycleReason
}

function openEvents({ openConnector, log }: LifecycleOptions): Opened {
  if (openConnector === undefined) return { fd: undefined, backend: 'scan', reason: 'unsupported' }
  try {
    return { fd: openConnector().open(), backend: 'netlink', reason: 'available' }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    log.warn(`starts and exits are differences between scans, without reasons, and short lives are missed: ${messageOf(error)}`)
    return { fd: undefined, backend: 'scan', reason: error.reason === 'denied' ? 'denied' : 'unsupported' }
  }
}
