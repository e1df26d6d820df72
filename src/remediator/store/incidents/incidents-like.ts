/** Owns finding the closed incidents that share something with one: its alert, its program, or what it was diagnosed as. */
import type { Incident } from '../../model.ts'
import type { Database } from '../database.ts'
import { textOrNull } from '../row.ts'
import { COLUMNS, fromRow } from './incident-row.ts'

export interface LikeIncident {
  readonly incident: Incident
  /** What it was diagnosed as, or null. */
  readonly diagnosis: string | null
}

export interface Likeness {
  readonly id: string
  readonly alertname: string
  readonly program: string | null
  readonly diagnosis: string | null
  /** ISO 8601; only what came before. */
  readonly before: string
}

const PROGRAM = "coalesce(body -> 'target' ->> 'group', body -> 'labels' ->> 'group')"

/** The newest first, at most `limit` by each of the three. */
export function incidentsLike(database: Database, { id, alertname, program, diagnosis, before }: Likeness, limit: number): LikeIncident[] {
  const columns = COLUMNS.split(', ')
    .map((column) => `incidents.${column}`)
    .join(', ')
  const newest = (where: string): string =>
    `SELECT id FROM (SELECT id FROM incidents WHERE ${where} AND received_at <= $before ORDER BY received_at DESC LIMIT $limit)`
  const sql = `SELECT ${columns}, diagnoses.name AS diagnosis FROM incidents LEFT JOIN diagnoses ON diagnoses.incident = incidents.id
    WHERE incidents.id IN (
      ${newest("body ->> 'alertname' = $alertname")}
      UNION ${newest(`${PROGRAM} = $program`)}
      UNION SELECT incident FROM (SELECT incident FROM diagnoses WHERE name = $diagnosis AND at <= $until ORDER BY at DESC LIMIT $limit)
    ) AND incidents.status IN ('done', 'cancelled') AND incidents.id <> $id AND incidents.received_at <= $before
    ORDER BY incidents.received_at DESC`
  // What is diagnosed alike may have been diagnosed a little later than it was received.
  const until = new Date(Date.parse(before) + 600_000).toISOString()
  return database
    .all(sql, { id, alertname, program, diagnosis, before, until, limit })
    .map((row) => ({ incident: fromRow(row), diagnosis: textOrNull(row, 'diagnosis') }))
}
