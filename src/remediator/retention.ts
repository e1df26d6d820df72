/** Owns forgetting: incidents that were closed long ago, with their intents, mails and escalations. The audit trail stays whole. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import type { Journal } from './audit/journal.ts'
import type { Database } from './store/database.ts'
import { forgetMails } from './store/outbox/forget-mails.ts'
import { deleteClosedIncidents } from './store/incidents/delete-closed-incidents.ts'

const DAY_MS = 86_400_000
const BATCH = 200

/**
 * Removes what was closed more than `days` days ago; returns how many incidents. Each batch is recorded in the transaction that
 * removes it, so that nothing is ever gone unsaid. Between two batches others get their turn.
 */
export async function forgetOldIncidents(database: Database, journal: Journal, clock: Clock, days: number): Promise<number> {
  const closedBefore = new Date(clock.nowMs() - days * DAY_MS).toISOString()
  let total = 0
  for (;;) {
    const count = database.transaction(() => {
      const removed = deleteClosedIncidents(database, closedBefore, BATCH)
      const text = `${removed} incidents that were closed more than ${days} days ago were removed.`
      if (removed > 0) journal.record('forgotten', null, text, { total: removed, closedBefore })
      return removed
    })
    if (count > 0) journal.flush()
    total += count
    if (count < BATCH) break
    await nextTurn()
  }
  forgetMails(database, clock.nowMs() - days * DAY_MS)
  return total
}
