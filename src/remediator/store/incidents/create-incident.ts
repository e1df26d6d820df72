/** Owns writing a new episode of an alert. */
import { randomBytes } from 'node:crypto'
import type { Alert, Incident } from '../../model.ts'
import type { Database } from '../database.ts'
import { COLUMNS, toRow } from './incident-row.ts'

export function createIncident(database: Database, alert: Alert, receivedAt: string): Incident {
  const last = database.get('SELECT max(episode) AS episode FROM incidents WHERE fingerprint = $fingerprint', {
    fingerprint: alert.fingerprint,
  })
  const incident: Incident = {
    id: newIncidentId(receivedAt),
    fingerprint: alert.fingerprint,
    episode: Number(last?.['episode'] ?? 0) + 1,
    status: 'queued',
    alertname: alert.labels['alertname'] ?? '',
    severity: alert.labels['severity'] ?? 'none',
    labels: alert.labels,
    annotations: alert.annotations,
    startedAt: alert.startsAt,
    receivedAt,
    resolvedAt: null,
    mode: null,
    policy: null,
    decision: null,
    reason: null,
    action: null,
    target: null,
    outcome: null,
    summary: null,
    attempts: 0,
    nextAtMs: null,
    approvedBy: null,
    progress: null,
    escalatedAt: null,
    closedAt: null,
  }
  database.run(
    `INSERT INTO incidents (${COLUMNS}) VALUES ($id, $fingerprint, $episode, $status, $startedAt, $receivedAt, $resolvedAt, $nextAtMs, $attempts, $body)`,
    toRow(incident),
  )
  return incident
}

/** Sortable by time and short enough to type: 20261122T045042-3f9a2c01b7d4. */
function newIncidentId(receivedAt: string): string {
  return `${receivedAt.slice(0, 19).replaceAll(/[-:]/g, '')}-${randomBytes(6).toString('hex')}`
}
