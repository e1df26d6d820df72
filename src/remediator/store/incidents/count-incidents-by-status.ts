/** Owns counting incidents by status. */
import type { IncidentStatus } from '../../model.ts'
import type { Database } from '../database.ts'
import { numberOf } from '../row.ts'
import { Status } from './incident-row.ts'
import { SYNTHETIC_ALERT } from '../../synthetic.ts'

export function countIncidentsByStatus(database: Database): Map<IncidentStatus, number> {
  const rows = database.all('SELECT status, count(*) AS n FROM incidents GROUP BY status')
  const counts = new Map(rows.map((row) => [Status.parse(row['status']), numberOf(row, 'n')]))
  // There are few of procwarden's own, and an index finds them: looking into each incident for its name would take long.
  const own = database.all(`SELECT status, count(*) AS n FROM incidents WHERE body ->> 'alertname' = '${SYNTHETIC_ALERT}' GROUP BY status`)
  for (const row of own) {
    const status = Status.parse(row['status'])
    counts.set(status, (counts.get(status) ?? 0) - numberOf(row, 'n'))
  }
  return counts
}
