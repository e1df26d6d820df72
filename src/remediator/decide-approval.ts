/** Owns a person's answer to an incident that asks: yes puts it back to work, no ends it. Who said so, and how, goes into the record. */
import type { Clock } from '../lib/clock.ts'
import type { Journal } from './audit/journal.ts'
import type { Incident } from './model.ts'
import { answerApproval, openApprovalOf, type Approval, type How } from './store/approvals.ts'
import type { Database } from './store/database.ts'
import { rememberApproval } from './store/first-approvals.ts'
import { getIncident, updateIncident } from './store/incidents.ts'

export type ApprovalAnswer = 'approve' | 'deny'

export interface ApprovalDecision {
  readonly answer: ApprovalAnswer
  /** A name for the record. */
  readonly by: string
  readonly how: How
  /** Said once and for all: the same question is not asked again. */
  readonly always?: boolean
  /** The question that the person saw, by its id: the answer counts for no other. Left out: for whichever is open. */
  readonly approval?: number
}

export type ApprovalResult =
  | {
      readonly kind: 'accepted'
      readonly incident: Incident
      readonly approval: Approval
      /** Whether the same will be done, or left, without asking from now on. */
      readonly remembered: boolean
    }
  | { readonly kind: 'unknown' }
  /** It does not ask, or no longer: `incident` tells what became of it. */
  | { readonly kind: 'not_asking'; readonly incident: Incident }
  /** It asks, but not what was answered: `open` is what it asks. */
  | { readonly kind: 'asks_another'; readonly open: Approval }

export interface DecideOptions {
  readonly database: Database
  readonly journal: Journal
  readonly clock: Clock
}

/** Takes an answer. A question is answered once, by one person; whatever comes later changes nothing. */
export function decideApproval(id: string, decision: ApprovalDecision, options: DecideOptions): ApprovalResult {
  const { database, journal, clock } = options
  const result = database.transaction((): ApprovalResult => {
    const incident = getIncident(database, id)
    if (!incident) return { kind: 'unknown' }
    const approval = openApprovalOf(database, id)
    const isAsking = incident.status === 'awaiting_approval' && approval !== undefined && clock.nowMs() < approval.expiresAtMs
    if (!isAsking) return { kind: 'not_asking', incident }
    if (decision.approval !== undefined && decision.approval !== approval.id) return { kind: 'asks_another', open: approval }
    const { answer, by, how } = decision
    const remembered = remember(approval, decision, options)
    answerApproval(database, approval.id, { answer, atMs: clock.nowMs(), by, how })
    const always = remembered ? ', from now on without asking' : ''
    const text = answer === 'approve' ? `${by} approved${always}.` : `${by} denied${always}; ${consequence(incident, approval)}`
    const { action, target, policy } = approval
    journal.record(answer === 'approve' ? 'approved' : 'denied', id, text, {
      by,
      how,
      ...(decision.always === undefined ? {} : { always: decision.always }),
      approval: approval.id,
      action,
      target,
      policy,
    })
    const after = answer === 'approve' ? approved(incident, by, options) : denied(incident, approval, by, options)
    return { kind: 'accepted', incident: after, approval: { ...approval, answer }, remembered }
  })
  journal.flush()
  return result
}

/** A first yes is kept for policies that ask the first time only; what is said with "always" counts wherever one would be asked. */
function remember(approval: Approval, { answer, by, how, always = false }: ApprovalDecision, { database, clock }: DecideOptions): boolean {
  const isStanding = always && (answer === 'deny' || approval.mayStand)
  if (answer === 'deny' && !isStanding) return false
  rememberApproval(database, {
    policy: approval.policy,
    group: approval.program,
    action: approval.action,
    steps: approval.steps,
    answer,
    standing: isStanding,
    by,
    how,
    incident: approval.incident,
    at: new Date(clock.nowMs()).toISOString(),
  })
  return isStanding
}

function approved(incident: Incident, by: string, { database }: DecideOptions): Incident {
  return updateIncident(database, incident.id, { status: 'queued', approvedBy: by, nextAtMs: null })
}

function denied(incident: Incident, approval: Approval, by: string, { database, clock }: DecideOptions): Incident {
  return updateIncident(database, incident.id, {
    status: 'done',
    decision: 'refuse',
    reason: 'approval_denied',
    outcome: 'refused',
    summary: `${by} denied it; ${consequence(incident, approval)}`,
    nextAtMs: null,
    closedAt: new Date(clock.nowMs()).toISOString(),
  })
}

function consequence({ attempts }: Incident, { target, frozen }: Approval): string {
  const goesOn = frozen > 0 ? ` ${target} goes on.` : ''
  return `nothing ${attempts > 0 ? 'more ' : ''}was done.${goesOn}`
}
