/** Owns what is marked in all graphs of a dashboard: when alerts fired, and when something was done about them. */
import { AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { DATASOURCE } from './panels/panel.ts'
import { ACTED } from './promql.ts'

const STEP = '10s'

const ACTIONS = `procwarden_remediation_actions_total{${ACTED}}`

/**
 * Runs that did something. `increase()` would lose the first of each kind, whose series begins at 1; what was not there a
 * moment ago counts whole.
 */
const DONE = `max by (policy, action, outcome, reason) (
  (${ACTIONS} - ${ACTIONS} offset $__rate_interval > 0)
  or
  (${ACTIONS} unless ${ACTIONS} offset $__rate_interval)
)`

/** `alerts` selects them, as a matcher list. */
export function annotations(alerts: string): AnnotationQueryBuilder[] {
  return [
    annotation(
      'Alerts',
      `ALERTS{${alerts},severity!="info"}`,
      'red',
      '{{alertname}}',
      '{{severity}}: {{group}} {{pid}} {{directory}}{{mountpoint}}',
    ),
    annotation('Remediations', DONE, 'blue', '{{action}}: {{outcome}}', 'policy {{policy}}, reason {{reason}}'),
  ]
}

function annotation(name: string, expr: string, color: string, title: string, text: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(color)
    .target(new DataqueryBuilder().datasource(DATASOURCE).refId(name).expr(expr))
    .expr(expr)
    .titleFormat(title)
    .textFormat(text)
    .step(STEP)
}
