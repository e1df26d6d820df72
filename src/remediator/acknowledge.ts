/** Owns a person's word that an incident that was handed to people has been seen: the call ends, and who ended it goes into the record. */
import type { Clock } from '../lib/clock.ts'
import type { Journal } from './audit/journal.ts'
import type { Incident } from './model.ts'
import type { How } from './store/approvals.ts'
import type { Database } from './store/database.ts'
import { closeHumanAlerts } from './store/escalations.ts'
import { getIncident } from './store/incidents.ts'

export type AcknowledgeResult =
  | { readonly kind: 'accepted'; readonly incident: Incident }
  | { readonly kind: 'unknown' }
  /** Nobody was called for it, or somebody else was quicker. */
  | { readonly kind: 'not_open'; readonly incident: Incident }

export interface Acknowledgement {
  /** A name for the record. */
  readonly by: string
  readonly how: How
  /** What was found or done about it, for the record. */
  readonly note?: string | undefined
}

export function acknowledge(
  id: string,
  { by, how, note = '' }: Acknowledgement,
  { database, journal, clock }: { readonly database: Database; readonly journal: Journal; readonly clock: Clock },
): AcknowledgeResult {
  const result = database.transaction((): AcknowledgeResult => {
    const incident = getIncident(database, id)
    if (!incident) return { kind: 'unknown' }
    if (closeHumanAlerts(database, id, { by, how, at: new Date(clock.nowMs()).toISOString() }) === 0) return { kind: 'not_open', incident }
    journal.record('acknowledged', id, `${by} acknowledged it${note === '' ? '.' : `: ${note}`}`, {
      by,
      how,
      ...(note === '' ? {} : { note }),
    })
    return { kind: 'accepted', incident }
  })
  journal.flush()
  return result
}
