/** Owns how an incident looks from outside: the JSON of the API and of `procwarden incidents --json`. */
import type { AuditEntry, Incident } from './model.ts'
import type { Database } from './store/database.ts'
import { auditEntriesOf } from './store/audit-entries.ts'
import { listIncidents } from './store/incidents.ts'

export interface TimelineEntry {
  readonly at: string
  readonly event: string
  readonly text: string
  readonly data: AuditEntry['data']
}

export type IncidentView = Incident & { readonly timeline: readonly TimelineEntry[] }

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

/** The newest `limit` incidents, newest first, each with its timeline. */
export function viewIncidents(database: Database, limit: number): IncidentView[] {
  return listIncidents(database, limit).map((incident) => viewIncident(database, incident))
}
