/** Owns how an incident lies in the store: which fields are columns, which are JSON in `body`, and both ways between. Runs no SQL. */
import { z } from 'zod'
import { ACTIONS, DECISIONS, MODES, OUTCOMES, REASONS, STATUSES, type Incident } from '../../model.ts'
import { Progress } from '../../progress.ts'
import { Target } from '../../target.ts'
import { numberOf, numberOrNull, textOf, textOrNull, type Row } from '../row.ts'

export const COLUMNS = 'id, fingerprint, episode, status, started_at, received_at, resolved_at, next_at_ms, attempts, body'

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
  target: Target.nullable(),
  outcome: z.enum(OUTCOMES).nullable(),
  summary: z.string().nullable(),
  approvedBy: z.string().nullable(),
  // Rows of the first release have neither.
  progress: Progress.nullable().default(null),
  escalatedAt: z.string().nullable().default(null),
  closedAt: z.string().nullable(),
})
export const Status = z.enum(STATUSES)

export function fromRow(row: Row): Incident {
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

export function toRow(incident: Incident) {
  const { id, fingerprint, episode, status, startedAt, receivedAt, resolvedAt, nextAtMs, attempts, ...body } = incident
  return { id, fingerprint, episode, status, startedAt, receivedAt, resolvedAt, nextAtMs, attempts, body: JSON.stringify(body) }
}
