/** Owns the variables in a dashboard's head: which Prometheus, which hosts, which programs, and where the console is. */
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DATASOURCE } from './panels/panel.ts'
import { DATASOURCE_UID } from './uids.ts'

type VariableBuilder = { build(): VariableModel }

const CONSOLE = 'http://127.0.0.1:9931'
const HOSTS = 'procwarden_exporter_start_time_seconds'
const PROGRAMS = 'procwarden_group_cpu_seconds_total'

export interface VariableOptions {
  /** One host and one program: what is drawn has lines of fixed names. Else several of both, or all. */
  readonly single?: boolean
  /** Whether something links to the console. */
  readonly console?: boolean
}

/** The datasource first, so that everything behind it follows it. */
export function variables({ single = false, console = false }: VariableOptions): VariableBuilder[] {
  const list: VariableBuilder[] = [
    datasource(),
    labelValues('instance', 'Host', HOSTS, single),
    labelValues('group', 'Program', `${PROGRAMS}{${single ? 'instance="$instance"' : 'instance=~"$instance"'}}`, single),
  ]
  if (console) list.push(consoleAddress())
  return list
}

function datasource(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder('datasource')
    .label('Prometheus')
    .description('The Prometheus that scrapes procwarden and evaluates its rules.')
    .type('prometheus')
    .current({ text: 'procwarden', value: DATASOURCE_UID })
}

function labelValues(label: string, title: string, selector: string, single: boolean): QueryVariableBuilder {
  const builder = new QueryVariableBuilder(label)
    .label(title)
    .datasource(DATASOURCE)
    .query({ query: `label_values(${selector},${label})`, refId: `variable-${label}` })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    // oxlint-disable-next-line unicorn/no-array-sort -- a builder's method
    .sort(VariableSort.AlphabeticalAsc)
  if (single) return builder.multi(false).includeAll(false)
  return builder
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ text: ['All'], value: ['$__all'] })
}

function consoleAddress(): TextBoxVariableBuilder {
  return new TextBoxVariableBuilder('console')
    .label('Console')
    .description("Where your browser reaches the remediator's console.")
    .defaultValue(CONSOLE)
    .current({ text: CONSOLE, value: CONSOLE })
}
