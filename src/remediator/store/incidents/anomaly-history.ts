/** Owns counting how often which anomaly was met: one line for each alert of each program, probe, device or folder. */
import type { Database } from '../database.ts'
import { numberOf, textOf, textOrNull, type Row } from '../row.ts'
import { SYNTHETIC_ALERT } from '../../synthetic.ts'

export interface AnomalyHistory {
  readonly alertname: string
  /** The program, or what else the alert is about; empty when it names nothing. */
  readonly subject: string
  readonly episodes: number
  readonly firstAt: string
  readonly lastAt: string
  /** The newest incident. */
  readonly lastId: string
  /** How the newest one ended. */
  readonly lastOutcome: string | null
}

const SUBJECT = `coalesce(body -> 'target' ->> 'group', body -> 'labels' ->> 'group', body -> 'labels' ->> 'probe',
  body -> 'labels' ->> 'service', body -> 'labels' ->> 'directory', body -> 'labels' ->> 'mountpoint', body -> 'labels' ->> 'device',
  body -> 'labels' ->> 'instance', '')`
/** JSON of so many rows is read in about a tenth of a second. */
const SCANNED_MAX = 20_000

/** The last met first; of the newest 20,000 incidents since `since` (ISO 8601), without procwarden's own synthetic alerts. */
export function anomalyHistory(database: Database, since: string, limit: number): AnomalyHistory[] {
  const sql = `SELECT alertname, subject, episodes, first_at, received_at AS last_at, id, outcome
    FROM (
      SELECT *, count(*) OVER each AS episodes, min(received_at) OVER each AS first_at,
        row_number() OVER (PARTITION BY alertname, subject ORDER BY received_at DESC, id DESC) AS place
      FROM (
        SELECT id, received_at, body ->> 'alertname' AS alertname, ${SUBJECT} AS subject, body ->> 'outcome' AS outcome
        FROM incidents WHERE received_at >= $since ORDER BY received_at DESC, id DESC LIMIT ${SCANNED_MAX}
      )
      WINDOW each AS (PARTITION BY alertname, subject)
    )
    WHERE place = 1 AND alertname <> '${SYNTHETIC_ALERT}' ORDER BY received_at DESC LIMIT $limit`
  return database.all(sql, { since, limit }).map(fromRow)
}

function fromRow(row: Row): AnomalyHistory {
  return {
    alertname: textOf(row, 'alertname'),
    subject: textOf(row, 'subject'),
    episodes: numberOf(row, 'episodes'),
    firstAt: textOf(row, 'first_at'),
    lastAt: textOf(row, 'last_at'),
    lastId: textOf(row, 'id'),
    lastOutcome: textOrNull(row, 'outcome'),
  }
}
