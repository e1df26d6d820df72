/** Owns counting incidents by status. */
import type { IncidentStatus } from '../../model.ts'
import type { Database } from '../database.ts'
import { numberOf } from '../row.ts'
import { Status } from './incident-row.ts'

export function countIncidentsByStatus(database: Database): Map<IncidentStatus, number> {
  const rows = database.all('SELECT status, count(*) AS n FROM incidents GROUP BY status')
  return new Map(rows.map((row) => [Status.parse(row['status']), numberOf(row, 'n')]))
}
