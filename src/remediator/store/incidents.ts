/** Owns the incidents table: one row per episode of an alert, and the queries by which the worker finds its work. */
import { randomBytes } from 'node:crypto'
import type { Alert, Incident, IncidentPatch, IncidentStatus } from '../model.ts'
import type { Database, Row } from './database.ts'

const COLUMNS = 'id, fingerprint, episode, status, started_at, received_at, resolved_at, next_at_ms, attempts, body'

/** Fields kept as JSON in `body`; the others are columns because queries need them. */
type IncidentBody = Omit<
  Incident,
  'id' | 'fingerprint' | 'episode' | 'status' | 'startedAt' | 'receivedAt' | 'resolvedAt' | 'nextAtMs' | 'attempts'
>

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
    closedAt: null,
  }
  database.run(
    `INSERT INTO incidents (${COLUMNS}) VALUES ($id, $fingerprint, $episode, $status, $startedAt, $receivedAt, $resolvedAt, $nextAtMs, $attempts, $body)`,
    toRow(incident),
  )
  return incident
}

/** Applies `patch` to the stored incident and returns the new state. */
export function updateIncident(database: Database, id: string, patch: IncidentPatch): Incident {
  const before = getIncident(database, id)
  if (!before) throw new Error(`assertion failed: incident ${id} is not in the store`)
  const after: Incident = { ...before, ...patch }
  const { fingerprint: _fingerprint, episode: _episode, startedAt: _startedAt, receivedAt: _receivedAt, ...columns } = toRow(after)
  database.run(
    'UPDATE incidents SET status = $status, resolved_at = $resolvedAt, next_at_ms = $nextAtMs, attempts = $attempts, body = $body WHERE id = $id',
    columns,
  )
  return after
}

export function getIncident(database: Database, id: string): Incident | undefined {
  const row = database.get(`SELECT ${COLUMNS} FROM incidents WHERE id = $id`, { id })
  return row && fromRow(row)
}

/** The newest episode of a fingerprint. */
export function latestEpisode(database: Database, fingerprint: string): Incident | undefined {
  const row = database.get(`SELECT ${COLUMNS} FROM incidents WHERE fingerprint = $fingerprint ORDER BY episode DESC LIMIT 1`, {
    fingerprint,
  })
  return row && fromRow(row)
}

/** Newest first. */
export function listIncidents(database: Database, limit: number): Incident[] {
  return database.all(`SELECT ${COLUMNS} FROM incidents ORDER BY received_at DESC, id DESC LIMIT $limit`, { limit }).map(fromRow)
}

/** Incidents that are due: queued, or deferred or awaiting approval until now. Oldest first. */
export function dueIncidents(database: Database, nowMs: number, limit: number): Incident[] {
  return database
    .all(
      `SELECT ${COLUMNS} FROM incidents
       WHERE (status = 'queued' AND coalesce(next_at_ms, 0) <= $nowMs) OR (status IN ('deferred', 'awaiting_approval') AND next_at_ms <= $nowMs)
       ORDER BY received_at, id LIMIT $limit`,
      { nowMs, limit },
    )
    .map(fromRow)
}

/** When the next deferred incident is due, in wall-clock milliseconds. */
export function nextDueMs(database: Database): number | undefined {
  const row = database.get(`SELECT min(next_at_ms) AS at FROM incidents WHERE status IN ('queued', 'deferred', 'awaiting_approval')`)
  return row?.['at'] === null || row?.['at'] === undefined ? undefined : Number(row['at'])
}

export function countIncidentsByStatus(database: Database): Map<IncidentStatus, number> {
  const rows = database.all('SELECT status, count(*) AS n FROM incidents GROUP BY status')
  return new Map(rows.map((row) => [String(row['status']) as IncidentStatus, Number(row['n'])]))
}

/** Sortable by time and short enough to type: 20261122T045042-3f9a2c01b7d4. */
function newIncidentId(receivedAt: string): string {
  return `${receivedAt.slice(0, 19).replaceAll(/[-:]/g, '')}-${randomBytes(6).toString('hex')}`
}

function toRow(incident: Incident) {
  const { id, fingerprint, episode, status, startedAt, receivedAt, resolvedAt, nextAtMs, attempts, ...body } = incident
  return { id, fingerprint, episode, status, startedAt, receivedAt, resolvedAt, nextAtMs, attempts, body: JSON.stringify(body) }
}

function fromRow(row: Row): Incident {
  // The body was written by toRow from an Incident.
  const body = JSON.parse(String(row['body'])) as IncidentBody
  return {
    ...body,
    id: String(row['id']),
    fingerprint: String(row['fingerprint']),
    episode: Number(row['episode']),
    status: String(row['status']) as IncidentStatus,
    startedAt: String(row['started_at']),
    receivedAt: String(row['received_at']),
    resolvedAt: row['resolved_at'] === null ? null : String(row['resolved_at']),
    nextAtMs: row['next_at_ms'] === null ? null : Number(row['next_at_ms']),
    attempts: Number(row['attempts']),
  }
}
