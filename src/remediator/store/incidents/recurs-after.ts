/** Owns the question whether the same trouble came back after an incident was closed. */
import type { Incident } from '../../model.ts'
import type { Database } from '../database.ts'

/** Whether the same alert fired again about the same program between two moments (ISO 8601). */
export function recursAfter(database: Database, { id, alertname }: Incident, program: string | null, from: string, until: string): boolean {
  const sql = `SELECT 1 FROM incidents WHERE body ->> 'alertname' = $alertname AND received_at > $from AND received_at <= $until AND id <> $id
    AND coalesce(body -> 'target' ->> 'group', body -> 'labels' ->> 'group') IS $program LIMIT 1`
  return database.get(sql, { id, alertname, program, from, until }) !== undefined
}
