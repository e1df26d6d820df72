/** Owns reading one incident by its id. */
import type { Incident } from '../../model.ts'
import type { Database } from '../database.ts'
import { COLUMNS, fromRow } from './incident-row.ts'

export function getIncident(database: Database, id: string): Incident | undefined {
  const row = database.get(`SELECT ${COLUMNS} FROM incidents WHERE id = $id`, { id })
  return row && fromRow(row)
}
