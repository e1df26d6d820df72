/** Owns listing incidents, filtered and in pages. */
import type { Incident } from '../../model.ts'
import type { Database } from '../database.ts'
import { COLUMNS, fromRow } from './incident-row.ts'
import { SYNTHETIC_ALERT } from '../../synthetic.ts'

/** What is left out does not filter. Lists match any of their values. */
export interface IncidentFilter {
  readonly status?: readonly string[] | undefined
  readonly outcome?: readonly string[] | undefined
  readonly alertname?: string | undefined
  readonly policy?: string | undefined
  /** The target's program, or the label `group`. */
  readonly group?: string | undefined
  /** Received at or after (ISO 8601). */
  readonly since?: string | undefined
  /** Received before (ISO 8601). */
  readonly until?: string | undefined
}

/** The last incident of a page; the next page begins after it. */
export interface PageMark {
  readonly receivedAt: string
  readonly id: string
}

/** Newest first. Incidents of procwarden's own synthetic alerts only when they are asked for by name. */
export function listIncidents(database: Database, limit: number, filter: IncidentFilter = {}, after?: PageMark): Incident[] {
  const sql = `SELECT ${COLUMNS} FROM incidents
    WHERE ($statuses IS NULL OR status IN (SELECT value FROM json_each($statuses)))
      AND ($outcomes IS NULL OR body ->> 'outcome' IN (SELECT value FROM json_each($outcomes)))
      AND (CASE WHEN $alertname IS NULL THEN body ->> 'alertname' <> '${SYNTHETIC_ALERT}' ELSE body ->> 'alertname' = $alertname END)
      AND ($policy IS NULL OR body ->> 'policy' = $policy)
      AND ($group IS NULL OR coalesce(body -> 'target' ->> 'group', body -> 'labels' ->> 'group') = $group)
      AND ($since IS NULL OR received_at >= $since)
      AND ($until IS NULL OR received_at < $until)
      AND ($afterAt IS NULL OR (received_at, id) < ($afterAt, $afterId))
    ORDER BY received_at DESC, id DESC LIMIT $limit`
  return database
    .all(sql, {
      statuses: listOrNull(filter.status),
      outcomes: listOrNull(filter.outcome),
      alertname: filter.alertname ?? null,
      policy: filter.policy ?? null,
      group: filter.group ?? null,
      since: filter.since ?? null,
      until: filter.until ?? null,
      afterAt: after?.receivedAt ?? null,
      afterId: after?.id ?? null,
      limit,
    })
    .map(fromRow)
}

function listOrNull(values: readonly string[] | undefined): string | null {
  return values === undefined || values.length === 0 ? null : JSON.stringify(values)
}
