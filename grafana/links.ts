/** Owns the links between dashboards and to the console. Each keeps the time, the datasource and what was chosen. */
import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard'
import { BOARDS, type BoardName } from './uids.ts'

/** A link behind a value of a panel. */
export interface DataLink {
  readonly title: string
  readonly url: string
  readonly targetBlank?: boolean
}

const KEPT = '${datasource:queryparam}&${__url_time_range}'

/** From each dashboard to all others, in its head. */
export function boardLinks(from: BoardName): DashboardLinkBuilder[] {
  return Object.values(BOARDS)
    .filter(({ uid }) => uid !== BOARDS[from].uid)
    .map(({ uid, title }) =>
      new DashboardLinkBuilder(title).type(DashboardLinkType.Link).icon('dashboard').url(`/d/${uid}`).keepTime(true).includeVars(true),
    )
}

/** To the program that is the value, on the host of the column of this title, or on the chosen hosts. */
export function toProgram(hostColumn?: string): DataLink {
  const host = hostColumn === undefined ? '${instance:queryparam}' : `var-instance=\${__data.fields["${hostColumn}"]:percentencode}`
  return { title: 'Open the program', url: `/d/${BOARDS.group.uid}?var-group=\${__value.raw:percentencode}&${host}&${KEPT}` }
}

/** To the host that is the value. */
export function toHost(): DataLink {
  return { title: 'Open the host', url: `/d/${BOARDS.host.uid}?var-instance=\${__value.raw:percentencode}&${KEPT}` }
}

/** To the program that a line of a graph is named after. */
export function lineToProgram(): DataLink {
  return {
    title: 'Open the program',
    url: `/d/${BOARDS.group.uid}?var-group=\${__field.labels.group:percentencode}&var-instance=\${__field.labels.instance:percentencode}&${KEPT}`,
  }
}

/** To the incident whose id is the value, in the remediator's console. */
export function toIncident(): DataLink {
  return { title: 'Open in the console', url: '${console:raw}/incidents/${__value.raw:percentencode}', targetBlank: true }
}
