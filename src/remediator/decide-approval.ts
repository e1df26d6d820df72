/** Owns a person's answer to an incident that asks: yes puts it back to work, no ends it. Who said so goes into the record. */
import type { Clock } from '../lib/clock.ts'
import type { Journal } from './audit/journal.ts'
import type { Incident } from './model.ts'
import type { Database } from './store/database.ts'
import { getIncident, updateIncident } from './store/incidents.ts'

export type ApprovalAnswer = 'approve' | 'deny'

export type ApprovalResult =
  | { readonly kind: 'accepted'; readonly incident: Incident }
  | { readonly kind: 'unknown' }
  /** It does not ask, or no longer: `incident` tells what became of it. */
  | { readonly kind: 'not_asking'; readonly incident: Incident }

/** Takes the answer of `by`, a name for the record. An incident answers to one person, once. */
export function decideApproval(
  id: string,
  answer: ApprovalAnswer,
  by: string,
  { database, journal, clock }: { database: Database; journal: Journal; clock: Clock },
): ApprovalResult {
  const result = database.transaction((): ApprovalResult => {
    const incident = getIncident(database, id)
    if (!incident) return { kind: 'unknown' }
    const isInTime = incident.nextAtMs === null || clock.nowMs() < incident.nextAtMs
    if (incident.status !== 'awaiting_approval' || incident.approvedBy !== null || !isInTime) return { kind: 'not_asking', incident }
    if (answer === 'approve') {
      journal.record('approved', id, `${by} approved.`, { by })
      return { kind: 'accepted', incident: updateIncident(database, id, { status: 'queued', approvedBy: by, nextAtMs: null }) }
    }
    journal.record('denied', id, `${by} denied; nothing was done.`, { by })
    const closedAt = new Date(clock.nowMs()).toISOString()
    const patch = {
      status: 'done',
      decision: 'refuse',
      reason: 'approval_denied',
      outcome: 'refused',
      summary: `${by} denied it; nothing was done.`,
      nextAtMs: null,
      closedAt,
    } as const
    return { kind: 'accepted', incident: updateIncident(database, id, patch) }
  })
  journal.flush()
  return result
}
