/** Owns tidying up: processes that wait for an answer nobody needs any more go on; quarantines and snapshots whose time is over are removed. */
import { rmSync } from 'node:fs'
import type { Clock } from '../lib/clock.ts'
import { OperationalError, messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import { thawHold, type FreezeOptions } from './actions/freeze.ts'
import type { Journal } from './audit/journal.ts'
import { removeQuarantine } from './quarantine/restore-files.ts'
import type { Database } from './store/database.ts'
import { orphanedHolds, type Hold } from './store/holds.ts'
import { expiredQuarantines, updateQuarantine } from './store/quarantines.ts'
import { deleteSnapshot, expiredSnapshots } from './store/snapshots.ts'

export interface SweepOptions extends Pick<FreezeOptions, 'holder' | 'boot'> {
  readonly database: Database
  readonly journal: Journal
  readonly clock: Clock
  readonly snapshotRetentionDays: number
  readonly log: Logger
}

const EXPIRE_EVERY_MS = 60_000
const DAY_MS = 86_400_000

/** Call it often: it looks for frozen processes each time, and for what is too old once a minute. Throws only what the store could not do. */
export function createSweep(options: SweepOptions): (signal: AbortSignal) => Promise<void> {
  let expireAtMs = 0
  let refused: ReadonlySet<number> = new Set()
  return async (signal) => {
    const parts: Array<() => void> = [() => void (refused = thawOrphans(refused, options))]
    const nowMs = options.clock.boot().ms
    if (!signal.aborted && nowMs >= expireAtMs) {
      expireAtMs = nowMs + EXPIRE_EVERY_MS
      parts.push(
        () => expireQuarantines(options),
        () => expireSnapshots(options),
      )
    }
    each(parts, (part) => part(), options)
  }
}

/** One that fails keeps none of the others from its turn. What the store could not do is thrown at the end, for all of it can be tried again. */
function each<Item>(items: readonly Item[], work: (item: Item) => void, { log }: SweepOptions): void {
  let storeError: OperationalError | undefined
  for (const item of items) {
    try {
      work(item)
    } catch (error) {
      if (error instanceof OperationalError && error.retryable) storeError ??= error
      else log.error('A part of the tidying up failed; the rest goes on', { error: messageOf(error) })
    }
  }
  if (storeError) throw storeError
}

/** `known`: holds that were refused before and told of. Returns those that are refused now. */
function thawOrphans(known: ReadonlySet<number>, options: SweepOptions): ReadonlySet<number> {
  const refused = new Set<number>()
  const thaw = (hold: Hold): void => {
    if (!thawOrphan(hold, known.has(hold.id), options)) refused.add(hold.id)
  }
  each(orphanedHolds(options.database), thaw, options)
  return refused
}

/** False when it could not be let go on. */
function thawOrphan(hold: Hold, isKnown: boolean, { database, journal, holder, boot, log }: SweepOptions): boolean {
  const thawed = thawHold(hold, { holder, database, boot })
  if (thawed?.kind === 'refused') {
    if (!isKnown) log.warn(`${thawed.text} It is tried again and again`, { incident: hold.incident, pid: hold.pid })
    return false
  }
  if (thawed) {
    journal.record('thawed', hold.incident, `${thawed.text} It had been frozen while a person was asked.`, { pid: hold.pid })
    journal.flush()
  }
  return true
}

function expireQuarantines(options: SweepOptions): void {
  const { database, journal, clock } = options
  const expire = (row: ReturnType<typeof expiredQuarantines>[number]): void => {
    const left = row.files - row.restored
    // On record first: files that are gone without a word would be worse than a word about files that are still there.
    database.transaction(() => {
      updateQuarantine(database, row.id, { status: 'expired' })
      journal.record('quarantine.expired', row.incident, `The time of quarantine ${row.id} is over: ${left} files are removed.`, {
        id: row.id,
        files: left,
      })
    })
    removeQuarantine(row.directory)
    journal.flush()
  }
  each(expiredQuarantines(database, clock.nowMs()), expire, options)
}

function expireSnapshots(options: SweepOptions): void {
  const { database, clock, snapshotRetentionDays } = options
  const before = new Date(clock.nowMs() - snapshotRetentionDays * DAY_MS).toISOString()
  const remove = (row: ReturnType<typeof expiredSnapshots>[number]): void => {
    rmSync(row.directory, { recursive: true, force: true })
    deleteSnapshot(database, row.id)
  }
  each(expiredSnapshots(database, before), remove, options)
}
