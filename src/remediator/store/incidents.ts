/** Owns the incidents table: one row per episode of an alert, and the queries by which the worker finds its work. */
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import {
  ACTIONS,
  DECISIONS,
  MODES,
  OUTCOMES,
  REASONS,
  STATUSES,
  type Alert,
  type Incident,
  type IncidentPatch,
  type IncidentStatus,
} from '../model.ts'
import type { Database } from './database.ts'
import { numberOf, numberOrNull, textOf, textOrNull, type Row } from './row.ts'

const COLUMNS = 'id, fingerprint, episode, status, started_at, received_at, resolved_at, next_at_ms, attempts, body'

/** Fields kept as JSON in `body`; the others are columns because queries need them. */
const IncidentBody = z.object({
  alertname: z.string(),
  severity: z.string(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  mode: z.enum(MODES).nullable(),
  policy: z.string().nullable(),
  decision: z.enum(DECISIONS).nullable(),
  reason: z.enum(REASONS).nullable(),
  action: z.enum(ACTIONS).nullable(),
  target: z
    .object({
      group: z.string(),
      pid: z.number(),
      startTicks: z.number(),
      startTime: z.string(),
      program: z.string(),
      evidence: z.string(),
    })
    .nullable(),
  outcome: z.enum(OUTCOMES).nullable(),
  summary: z.string().nullable(),
  approvedBy: z.string().nullable(),
  closedAt: z.string().nullable(),
})
const Status = z.enum(STATUSES)

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

export function countIncidentsByStatus(database: Database): Map<IncidentStatus, number> {
  const rows = database.all('SELECT status, count(*) AS n FROM incidents GROUP BY status')
  return new Map(rows.map((row) => [Status.parse(row['status']), numberOf(row, 'n')]))
}

/** Incidents received since a moment (ISO 8601) that ended with their target killed. */
export function killedSince(database: Database, receivedSince: string): Incident[] {
  return database
    .all(`SELECT ${COLUMNS} FROM incidents WHERE received_at >= $receivedSince AND body ->> 'outcome' = 'killed'`, { receivedSince })
    .map(fromRow)
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
  return {
    ...IncidentBody.parse(JSON.parse(textOf(row, 'body'))),
    id: textOf(row, 'id'),
    fingerprint: textOf(row, 'fingerprint'),
    episode: numberOf(row, 'episode'),
    status: Status.parse(row['status']),
    startedAt: textOf(row, 'started_at'),
    receivedAt: textOf(row, 'received_at'),
    resolvedAt: textOrNull(row, 'resolved_at'),
    nextAtMs: numberOrNull(row, 'next_at_ms'),
    attempts: numberOf(row, 'attempts'),
  }
}
