/** Owns how what concerns people looks from outside: questions, what is remembered of their answers, and calls for a person. */
import type { Approval } from './store/approvals.ts'
import { listOpenApprovals } from './store/approvals/list-open-approvals.ts'
import { approvalsOf } from './store/approvals/approvals-of.ts'
import type { Database } from './store/database.ts'
import { listHumanAlerts } from './store/escalations/list-human-alerts.ts'
import { getIncident } from './store/incidents/get-incident.ts'
import { nameOf, type Incident } from './model.ts'

/** One question: what would be done to what, why one is asked, until when, and what happens meanwhile and then. */
export interface ApprovalView extends Omit<Approval, 'steps' | 'targetKey' | 'bootId' | 'askedAtMs' | 'expiresAtMs' | 'answeredAtMs'> {
  /** ISO 8601. */
  readonly askedAt: string
  readonly expiresAt: string
  readonly answeredAt: string | null
}

/** A call for a person that nobody has acknowledged, with what a banner says of it. */
export interface HumanAlertView {
  readonly incident: string
  readonly at: string
  readonly reason: string
  readonly text: string
  readonly alertname: string
  readonly severity: string
  /** The program, folder or service that it is about. */
  readonly about: string
  /** How often people have been told. */
  readonly told: number
  /** In the state folder; null before it is written. */
  readonly file: string | null
}

export function viewApproval(approval: Approval): ApprovalView {
  const { steps: _steps, targetKey: _key, bootId: _boot, askedAtMs, expiresAtMs, answeredAtMs, ...others } = approval
  return {
    ...others,
    askedAt: new Date(askedAtMs).toISOString(),
    expiresAt: new Date(expiresAtMs).toISOString(),
    answeredAt: answeredAtMs === null ? null : new Date(answeredAtMs).toISOString(),
  }
}

/** Open questions, the one that expires first comes first. */
export function viewOpenApprovals(database: Database): ApprovalView[] {
  return listOpenApprovals(database).map(viewApproval)
}

export function viewApprovalsOf(database: Database, incident: string): ApprovalView[] {
  return approvalsOf(database, incident).map(viewApproval)
}

/** Oldest first. */
export function viewHumanAlerts(database: Database): HumanAlertView[] {
  return listHumanAlerts(database).flatMap(({ incident: id, at, reason, text, told, file }) => {
    const incident = getIncident(database, id)
    if (!incident) return []
    const { alertname, severity } = incident
    return [{ incident: id, at, reason, text, alertname, severity, about: aboutOf(incident), told, file }]
  })
}

export function aboutOf({ target, labels }: Pick<Incident, 'target' | 'labels'>): string {
  return target ? nameOf(target) : (labels['group'] ?? labels['directory'] ?? labels['probe'] ?? labels['service'] ?? 'no single program')
}
