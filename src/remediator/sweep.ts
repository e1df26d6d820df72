/** Owns tidying up: processes that wait for an answer nobody needs any more go on; quarantines and snapshots whose time is over are removed. */
import { rmSync } from 'node:fs'
import type { Clock } from '../lib/clock.ts'
import { thawHold, type FreezeOptions } from './actions/freeze.ts'
import type { Journal } from './audit/journal.ts'
import { removeQuarantine } from './quarantine/restore-files.ts'
import type { Database } from './store/database.ts'
import { orphanedHolds } from './store/holds.ts'
import { expiredQuarantines, updateQuarantine } from './store/quarantines.ts'
import { deleteSnapshot, expiredSnapshots } from './store/snapshots.ts'

export interface SweepOptions extends Pick<FreezeOptions, 'holder' | 'boot'> {
  readonly database: Database
  readonly journal: Journal
  readonly clock: Clock
  readonly snapshotRetentionDays: number
}

const EXPIRE_EVERY_MS = 60_000
const DAY_MS = 86_400_000

/** Call it often: it looks for frozen processes each time, and for what is too old once a minute. */
export function createSweep(options: SweepOptions): (signal: AbortSignal) => Promise<void> {
  let expireAtMs = 0
  return async (signal) => {
    thawOrphans(options)
    const nowMs = options.clock.boot().ms
    if (signal.aborted || nowMs < expireAtMs) return
    expireAtMs = nowMs + EXPIRE_EVERY_MS
    expire(options)
  }
}

function thawOrphans({ database, journal, holder, boot }: SweepOptions): void {
  for (const hold of orphanedHolds(database)) {
    const text = thawHold(hold, { holder, database, boot })
    if (text === undefined) continue
    journal.record('thawed', hold.incident, `${text} It had been frozen while a person was asked.`, { pid: hold.pid })
    journal.flush()
  }
}

function expire({ database, journal, clock, snapshotRetentionDays }: SweepOptions): void {
  for (const row of expiredQuarantines(database, clock.nowMs())) {
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
  const before = new Date(clock.nowMs() - snapshotRetentionDays * DAY_MS).toISOString()
  for (const row of expiredSnapshots(database, before)) {
    rmSync(row.directory, { recursive: true, force: true })
    deleteSnapshot(database, row.id)
  }
}
