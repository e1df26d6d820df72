/**
 * Owns noticing that the wall clock was set: what waits for a time of it (a postponed incident, a question's end, a mail) is
 * moved along, so that nothing happens a day early or late. Cooldowns and caps count on the boot clock and need nothing.
 */
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { Journal } from './audit/journal.ts'
import { readClockOffset } from './store/clock/read-clock-offset.ts'
import { shiftTimes } from './store/clock/shift-times.ts'
import { writeClockOffset } from './store/clock/write-clock-offset.ts'
import type { Database } from './store/database.ts'

export interface ClockJumpOptions {
  readonly database: Database
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Logger
}

/** NTP moves a clock by less in one go than what anybody would notice here. */
const JUMP_MS_MIN = 2_000

/** A check to be made before anything is looked up by its time; it costs two readings of clocks. Throws OperationalError of the store. */
export function createClockJumpCheck({ database, journal, clock, log }: ClockJumpOptions): () => void {
  let known: number | undefined
  return () => {
    const { bootId, ms } = clock.boot()
    const offsetMs = clock.nowMs() - ms
    if (known !== undefined && Math.abs(offsetMs - known) < JUMP_MS_MIN) return
    const byMs = database.transaction(() => {
      // The store's own note is older than this process: it tells of a jump while nobody ran, and of one another has dealt with.
      const before = readClockOffset(database)
      const jumpMs = before?.bootId === bootId ? offsetMs - before.offsetMs : 0
      const hasJumped = Math.abs(jumpMs) >= JUMP_MS_MIN
      if (hasJumped) {
        shiftTimes(database, jumpMs, clock.nowMs() - jumpMs)
        journal.record('clock.jumped', null, `The wall clock was set ${inWords(jumpMs)}; what waits was moved along.`, { byMs: jumpMs })
      }
      if (hasJumped || before?.bootId !== bootId) writeClockOffset(database, { bootId, offsetMs })
      return hasJumped ? jumpMs : 0
    })
    known = offsetMs
    if (byMs === 0) return
    journal.flush()
    log.warn(`The wall clock was set ${inWords(byMs)}; what waits for a time was moved along`)
  }
}

function inWords(ms: number): string {
  return `${ms > 0 ? 'forward' : 'back'} by ${Math.abs(ms / 1000).toFixed(0)} s`
}
