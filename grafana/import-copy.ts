/**
 * Owns the copy of a dashboard that a person imports by hand: Grafana's import form asks for the datasource by `__inputs` and
 * puts the answer wherever `${DS_PROMETHEUS}` stands. Here that is the default of the first variable, so that the choice can
 * still be changed in the dashboard.
 */
import { VariableType, type Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'

const INPUT = 'DS_PROMETHEUS'
/** The oldest Grafana whose schema this is. */
const GRAFANA_MIN = '11.0.0'

/** What Grafana's export for sharing adds to a dashboard. */
export interface ImportableDashboard extends Dashboard {
  readonly __inputs: ReadonlyArray<Readonly<Record<string, string>>>
  readonly __elements: Readonly<Record<string, never>>
  readonly __requires: ReadonlyArray<Readonly<Record<string, string>>>
}

export function importCopy(board: Dashboard): ImportableDashboard {
  const [datasource, ...others] = board.templating?.list ?? []
  if (datasource?.type !== VariableType.Datasource) throw new Error(`the first variable of ${board.uid} is not the datasource`)
  const chosen = { ...datasource, current: { text: `\${${INPUT}}`, value: `\${${INPUT}}` } }
  const panels = new Set((board.panels ?? []).map((panel) => panel.type).filter((type) => type !== 'row'))
  return {
    __inputs: [
      {
        name: INPUT,
        label: 'Prometheus',
        description: 'The Prometheus that scrapes procwarden and evaluates its rules.',
        type: 'datasource',
        pluginId: 'prometheus',
        pluginName: 'Prometheus',
      },
    ],
    __elements: {},
    __requires: [
      { type: 'grafana', id: 'grafana', name: 'Grafana', version: GRAFANA_MIN },
      { type: 'datasource', id: 'prometheus', name: 'Prometheus', version: '1.0.0' },
      ...[...panels].toSorted().map((id) => ({ type: 'panel', id, name: id, version: '' })),
    ],
    ...board,
    // Who imports it by hand owns it.
    editable: true,
    templating: { ...board.templating, list: [chosen, ...others] },
  }
}
