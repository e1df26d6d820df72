/** Owns letting what an incident has frozen go on because a person says so. Undoes nothing else; who it was goes into the record. */
import type { Clock } from '../lib/clock.ts'
import { thawIncident, type FreezeOptions } from './actions/freeze.ts'
import type { Journal } from './audit/journal.ts'
import { getIncident, updateIncident } from './store/incidents.ts'

export interface ThawOptions extends Pick<FreezeOptions, 'holder' | 'boot' | 'database'> {
  readonly journal: Journal
  readonly clock: Clock
}

/** A sentence for each process that runs again, or why it does not. Undefined when there is no such incident. */
export function thaw(id: string, by: string, options: ThawOptions): readonly string[] | undefined {
  const { database, journal, clock } = options
  const incident = getIncident(database, id)
  if (!incident) return undefined
  const sentences = thawIncident(id, options).map(({ text }) => text)
  if (sentences.length === 0) return sentences
  database.transaction(() => {
    journal.record('thawed', id, `${by} let it go on: ${sentences.join(' ')}`, { by })
    // A question about what has resolved was kept open because it was frozen.
    if (incident.resolvedAt !== null && incident.status === 'awaiting_approval') updateIncident(database, id, { nextAtMs: clock.nowMs() })
  })
  journal.flush()
  return sentences
}
