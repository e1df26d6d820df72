/** Owns the overview dashboard as a whole: its name, its variables and its annotations. What it shows is in overview-rows.ts. */
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
  type Dashboard,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { placeRows } from './layout.ts'
import { FIRING, overviewRows } from './overview-rows.ts'
import { DATASOURCE } from './panels.ts'

export const OVERVIEW_UID = 'procwarden-overview'
/** The datasource that the provisioning file creates; any other can be chosen in the dashboard. */
export const DATASOURCE_UID = 'procwarden-prometheus'

/** Grafana 11.0 reads up to this version of the dashboard's schema; newer ones migrate it. */
const SCHEMA_VERSION = 39

/** The dashboard as Grafana reads it. */
export function overviewDashboard(): Dashboard {
  const dashboard = new DashboardBuilder('procwarden / Overview')
    .uid(OVERVIEW_UID)
    .description('Which program misbehaves, how far from its own normal, and what was done about it.')
    .tags(['procwarden'])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('10s')
    .variables([datasourceVariable(), instanceVariable(), groupVariable()])
    .annotations([alertAnnotations()])
    .build()
  dashboard.schemaVersion = SCHEMA_VERSION
  dashboard.panels = placeRows(overviewRows())
  return dashboard
}

function datasourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder('datasource')
    .label('Prometheus')
    .type('prometheus')
    .current({ text: 'procwarden', value: DATASOURCE_UID })
}

function instanceVariable(): QueryVariableBuilder {
  return labelValues('instance', 'Host', 'procwarden_exporter_start_time_seconds')
}

function groupVariable(): QueryVariableBuilder {
  return labelValues('group', 'Program', 'procwarden_group_cpu_seconds_total{instance=~"$instance"}')
}

function labelValues(label: string, title: string, selector: string): QueryVariableBuilder {
  return (
    new QueryVariableBuilder(label)
      .label(title)
      .datasource(DATASOURCE)
      .query({ query: `label_values(${selector},${label})`, refId: `variable-${label}` })
      .refresh(VariableRefresh.OnTimeRangeChanged)
      // oxlint-disable-next-line unicorn/no-array-sort -- a builder's method
      .sort(VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      .allValue('.+')
      .current({ text: ['All'], value: ['$__all'] })
  )
}

function alertAnnotations(): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name('Alerts')
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor('red')
    .target(new DataqueryBuilder().datasource(DATASOURCE).refId('alerts').expr(FIRING))
    .expr(FIRING)
    .titleFormat('{{alertname}}')
    .textFormat('{{group}} {{pid}} {{directory}}')
    .step('10s')
}
