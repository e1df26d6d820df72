/** Owns pausing and resuming everything: the switch and the entry that says who threw it are one transaction. */
import type { Clock } from '../lib/clock.ts'
import type { Journal } from './audit/journal.ts'
import type { Database } from './store/database.ts'
import { clearPause } from './store/pause/clear-pause.ts'
import { setPause } from './store/pause/set-pause.ts'

export type KillSwitch =
  | { readonly paused: true; readonly by: string; readonly why: string }
  | { readonly paused: false; readonly by: string }

/** Returns false, and records nothing, when it was so already. */
export function setPaused(
  wanted: KillSwitch,
  { database, journal, clock }: { database: Database; journal: Journal; clock: Clock },
): boolean {
  const { by } = wanted
  const hasChanged = database.transaction(() => {
    if (!wanted.paused) {
      if (!clearPause(database)) return false
      journal.record('resumed', null, `${by} resumed: actions are allowed again.`, { by })
      return true
    }
    const { why } = wanted
    if (!setPause(database, { by, why, at: new Date(clock.nowMs()).toISOString() })) return false
    journal.record('paused', null, `${by} paused everything${why === '' ? '' : `: ${why}`}. Nothing is acted upon until it is resumed.`, {
      by,
      why,
    })
    return true
  })
  journal.flush()
  return hasChanged
}
