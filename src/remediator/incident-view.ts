/** Owns how an incident looks from outside: the JSON of the API and of `procwarden incidents --json`. */
import type { Diagnosis } from './diagnosis/diagnosis.ts'
import { similarIncidents, type SimilarIncident } from './diagnosis/similar-incidents.ts'
import type { AuditEntry, Incident } from './model.ts'
import { viewApprovalsOf, type ApprovalView } from './people-view.ts'
import { auditEntriesOf } from './store/audit/audit-entries-of.ts'
import { adviceOf, type Advice } from './store/advice.ts'
import type { Database } from './store/database.ts'
import { diagnosisOf } from './store/diagnoses/diagnosis-of.ts'
import type { Escalation } from './store/escalations/escalation-row.ts'
import { escalationsOf } from './store/escalations/escalations-of.ts'
import type { Hold } from './store/holds/hold-row.ts'
import { holdsOf } from './store/holds/holds-of.ts'
import { listIncidents, type IncidentFilter, type PageMark } from './store/incidents/list-incidents.ts'
import type { QuarantineRow } from './store/quarantines/quarantine-row.ts'
import { quarantinesOf } from './store/quarantines/quarantines-of.ts'
import type { SnapshotRow } from './store/snapshots/snapshot-row.ts'
import { snapshotsOf } from './store/snapshots/snapshots-of.ts'

export interface TimelineEntry {
  readonly at: string
  readonly event: string
  readonly text: string
  readonly data: AuditEntry['data']
}

export type IncidentView = Incident & { readonly timeline: readonly TimelineEntry[] }

/** One incident with everything that is kept about it. */
export type WholeIncident = IncidentView & {
  /** What people were asked, and what they answered. */
  readonly approvals: readonly ApprovalView[]
  readonly snapshots: readonly SnapshotRow[]
  readonly quarantines: readonly QuarantineRow[]
  /** Processes that are stopped at the moment. */
  readonly holds: readonly Hold[]
  readonly escalations: readonly Escalation[]
  /** Null until it was looked at. */
  readonly diagnosis: Diagnosis | null
  /** The most alike first. */
  readonly similar: readonly SimilarIncident[]
  /** What the advisor was asked, and what came of it. */
  readonly advice: readonly Advice[]
}

const SIMILAR_MAX = 5

export function viewIncident(database: Database, incident: Incident): IncidentView {
  const timeline = auditEntriesOf(database, incident.id).map(({ at, event, text, data }) => ({ at, event, text, data }))
  const { id, status, alertname, severity, labels, startedAt, mode, decision, reason, action, target, outcome, summary, ...others } =
    incident
  // What a reader looks for comes first.
  return {
    id,
    status,
    alertname,
    severity,
    labels,
    startedAt,
    mode,
    decision,
    reason,
    action,
    target,
    outcome,
    summary,
    ...others,
    timeline,
  }
}

export function viewWholeIncident(database: Database, incident: Incident): WholeIncident {
  return {
    ...viewIncident(database, incident),
    approvals: viewApprovalsOf(database, incident.id),
    snapshots: snapshotsOf(database, incident.id),
    quarantines: quarantinesOf(database, incident.id),
    holds: holdsOf(database, incident.id),
    escalations: escalationsOf(database, incident.id),
    diagnosis: diagnosisOf(database, incident.id) ?? null,
    similar: similarIncidents(database, incident, SIMILAR_MAX),
    advice: adviceOf(database, incident.id),
  }
}

/** The newest `limit` incidents that fit, newest first, each with its timeline. */
export function viewIncidents(database: Database, limit: number, filter?: IncidentFilter, after?: PageMark): IncidentView[] {
  return listIncidents(database, limit, filter, after).map((incident) => viewIncident(database, incident))
}
