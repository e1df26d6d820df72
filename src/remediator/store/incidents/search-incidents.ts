/** Owns searching incidents by what a person types, in pages, without ever reading more than a bounded number of rows at once. */
import type { Incident } from '../../model.ts'
import type { Database } from '../database.ts'
import { textOf } from '../row.ts'
import { COLUMNS, fromRow } from './incident-row.ts'
import type { PageMark } from './list-incidents.ts'
import { SYNTHETIC_ALERT } from '../../synthetic.ts'

/** What is left out does not filter. */
export interface IncidentSearch {
  /** Part of the alert's name, the program, the sentence, or the whole id or pid; capitals do not matter. */
  readonly text?: string | undefined
  readonly outcomes?: readonly string[] | undefined
  readonly statuses?: readonly string[] | undefined
  readonly severity?: string | undefined
  /** Only what is closed and whose alert has resolved. */
  readonly isOver?: boolean | undefined
}

export interface FoundIncidents {
  readonly incidents: readonly Incident[]
  /** Where the search goes on; undefined when nothing is left to be searched. */
  readonly next: PageMark | undefined
}

/** JSON of so many rows is read in about a tenth of a second. */
const SCANNED_MAX = 20_000

/** Newest first, after `after`. Incidents of procwarden's own synthetic alerts only when they are asked for by name. */
export function searchIncidents(database: Database, limit: number, search: IncidentSearch, after?: PageMark): FoundIncidents {
  const mark = { afterAt: after?.receivedAt ?? null, afterId: after?.id ?? null }
  const sql = `SELECT ${COLUMNS} FROM (
      SELECT ${COLUMNS} FROM incidents
      WHERE ($afterAt IS NULL OR (received_at, id) < ($afterAt, $afterId))
      ORDER BY received_at DESC, id DESC LIMIT ${SCANNED_MAX}
    )
    WHERE ($statuses IS NULL OR status IN (SELECT value FROM json_each($statuses)))
      AND ($outcomes IS NULL OR body ->> 'outcome' IN (SELECT value FROM json_each($outcomes)))
      AND ($severity IS NULL OR body ->> 'severity' = $severity)
      AND (body ->> 'alertname' <> '${SYNTHETIC_ALERT}' OR $lower = lower('${SYNTHETIC_ALERT}'))
      AND ($isOver = 0 OR (resolved_at IS NOT NULL AND status IN ('done', 'cancelled')))
      AND ($text IS NULL OR id = $text OR CAST(body -> 'target' ->> 'pid' AS TEXT) = $text
        OR instr(lower(concat_ws(' ', body ->> 'alertname', body -> 'target' ->> 'group', body -> 'labels' ->> 'group', body ->> 'summary')), $lower) > 0)
    ORDER BY received_at DESC, id DESC LIMIT $limit`
  const { text } = search
  const rows = database.all(sql, {
    ...mark,
    statuses: jsonOrNull(search.statuses),
    outcomes: jsonOrNull(search.outcomes),
    severity: search.severity ?? null,
    isOver: search.isOver === true ? 1 : 0,
    text: text ?? null,
    lower: text?.toLowerCase() ?? null,
    limit: limit + 1,
  })
  const incidents = rows.slice(0, limit).map(fromRow)
  const last = incidents.at(-1)
  if (rows.length > limit && last) return { incidents, next: { receivedAt: last.receivedAt, id: last.id } }
  return { incidents, next: lastScanned(database, mark) }
}

/** The row at which the search stopped because it had read enough; undefined when it came to the end. */
function lastScanned(database: Database, mark: { readonly afterAt: string | null; readonly afterId: string | null }): PageMark | undefined {
  const sql = `SELECT received_at, id FROM incidents
    WHERE ($afterAt IS NULL OR (received_at, id) < ($afterAt, $afterId))
    ORDER BY received_at DESC, id DESC LIMIT 1 OFFSET ${SCANNED_MAX - 1}`
  const row = database.get(sql, mark)
  return row && { receivedAt: textOf(row, 'received_at'), id: textOf(row, 'id') }
}

function jsonOrNull(values: readonly string[] | undefined): string | null {
  return values === undefined || values.length === 0 ? null : JSON.stringify(values)
}
