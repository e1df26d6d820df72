/** Owns letting what an incident has frozen go on because a person says so. Undoes nothing else; who it was goes into the record. */
import { thawIncident, type FreezeOptions } from './actions/freeze.ts'
import type { Journal } from './audit/journal.ts'
import { getIncident } from './store/incidents.ts'

export interface ThawOptions extends Pick<FreezeOptions, 'holder' | 'boot' | 'database'> {
  readonly journal: Journal
}

/** A sentence for each process that runs again. Undefined when there is no such incident. */
export function thaw(id: string, by: string, options: ThawOptions): readonly string[] | undefined {
  const { database, journal } = options
  if (!getIncident(database, id)) return undefined
  const sentences = thawIncident(id, options)
  if (sentences.length === 0) return sentences
  journal.record('thawed', id, `${by} let it go on: ${sentences.join(' ')}`, { by })
  journal.flush()
  return sentences
}
