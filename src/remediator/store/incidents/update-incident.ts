/** Owns changing an incident. */
import { assert } from '../../../lib/errors.ts'
import type { Incident, IncidentPatch } from '../../model.ts'
import type { Database } from '../database.ts'
import { getIncident } from './get-incident.ts'
import { toRow } from './incident-row.ts'

/** Applies `patch` to the stored incident and returns the new state. */
export function updateIncident(database: Database, id: string, patch: IncidentPatch): Incident {
  const before = getIncident(database, id)
  assert(before, `incident ${id} is in the store`)
  const after: Incident = { ...before, ...patch }
  const { fingerprint: _fingerprint, episode: _episode, startedAt: _startedAt, receivedAt: _receivedAt, ...columns } = toRow(after)
  database.run(
    'UPDATE incidents SET status = $status, resolved_at = $resolvedAt, next_at_ms = $nextAtMs, attempts = $attempts, body = $body WHERE id = $id',
    columns,
  )
  return after
}
