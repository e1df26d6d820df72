/** Owns what every dashboard has: uid, variables, annotations, links, time, and that it cannot be edited. Knows no panel. */
import { DashboardBuilder, DashboardCursorSync, type Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { annotations } from './annotations.ts'
import { placeRows, type Row } from './layout.ts'
import { boardLinks } from './links.ts'
import { ALERT } from './promql.ts'
import { BOARDS, type BoardName } from './uids.ts'
import { variables, type VariableOptions } from './variables.ts'

/** Grafana 11.0 reads up to this version of the dashboard's schema; newer ones migrate it. */
const SCHEMA_VERSION = 39

export interface BoardOptions extends VariableOptions {
  readonly name: BoardName
  readonly description: string
  readonly rows: readonly Row[]
  /** Which alerts are marked, as a matcher list; those of the chosen hosts and programs when left out. */
  readonly alerts?: string
}

/** A dashboard as Grafana reads it. */
export function board({ name, description, rows, alerts = ALERT, ...options }: BoardOptions): Dashboard {
  const { uid, title } = BOARDS[name]
  const dashboard = new DashboardBuilder(`procwarden / ${title}`)
    .uid(uid)
    .description(description)
    .tags(['procwarden'])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('10s')
    .variables(variables(options))
    .annotations(annotations(alerts))
    .links(boardLinks(name))
    .build()
  dashboard.schemaVersion = SCHEMA_VERSION
  dashboard.panels = placeRows(rows)
  return dashboard
}
