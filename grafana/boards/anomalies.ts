/** Owns the dashboard of what is wrong now: the table of anomalies, and what is on its way to become one. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from '../dashboard.ts'
import type { Row } from '../layout.ts'
import { toIncident, toProgram } from '../links.ts'
import { STEPS } from '../panels/panel.ts'
import { count } from '../panels/stat.ts'
import { table } from '../panels/table.ts'
import { timeline } from '../panels/timeline.ts'
import { ALERT, HOST, PROGRAM } from '../promql.ts'
import { alertTimeline } from './alert-timeline.ts'
import { ANOMALY_QUERIES } from './anomaly-queries.ts'
import { DIAGNOSIS_TEXTS } from './diagnosis-texts.ts'

export function anomalies(): Dashboard {
  return board({
    name: 'anomalies',
    description: 'What is wrong now: which process, how far from its normal, why, and what is recommended.',
    console: true,
    rows: [counts(), nowRow(), nearRow()],
  })
}

const SEVERITIES = { critical: { text: 'critical', color: 'red' }, warning: { text: 'warning', color: 'orange' } }

function counts(): Row {
  return {
    title: 'Now',
    height: 6,
    panels: [
      count(
        4,
        'Critical',
        'Alerts of severity critical that fire now.',
        `count(ALERTS{${ALERT},severity="critical"}) or vector(0)`,
        STEPS.zeroIsGood,
      ),
      count(
        4,
        'Warnings',
        'Alerts of severity warning that fire now.',
        `count(ALERTS{${ALERT},severity="warning"}) or vector(0)`,
        STEPS.zeroIsPlain,
      ),
      {
        width: 16,
        panel: alertTimeline({
          title: 'What fired',
          description: 'Alerts by name and program or place, with their severity.',
          alerts: ALERT,
          by: ['alertname', 'group', 'directory', 'mountpoint', 'probe', 'device', 'check'],
        }),
      },
    ],
  }
}

function nowRow(): Row {
  return {
    title: 'Anomalies',
    height: 12,
    panels: [
      {
        width: 24,
        panel: table({
          title: 'Anomalies now',
          description:
            'Each alert that fires: the process, its level against its baseline and limit, what is known of the reason, and what is recommended. An incident leads to the console, where it can be approved or denied.',
          unit: 'short',
          noValue: 'nothing is wrong',
          queries: Object.values(ANOMALY_QUERIES),
          columns: [
            { from: 'severity', title: 'Severity', width: 85, texts: SEVERITIES },
            { from: 'alertname', title: 'Anomaly' },
            { from: 'group', title: 'Process', link: toProgram('Host') },
            { from: 'pid', title: 'pid', width: 80 },
            { from: 'subject', title: 'Where' },
            { from: 1, title: 'Current', unit: 'short', width: 90 },
            { from: 2, title: 'Baseline', unit: 'short', width: 90 },
            { from: 3, title: 'Ratio', unit: 'suffix: x', decimals: 1, width: 80 },
            { from: 4, title: 'Limit', unit: 'short', width: 80 },
            { from: 'unit', title: 'Unit', width: 100 },
            { from: 5, title: 'Growth per hour', unit: 'short', width: 100 },
            { from: 'diagnosis', title: 'Diagnosis', texts: DIAGNOSIS_TEXTS },
            { from: 'confidence', title: 'Confidence', width: 95 },
            { from: 'recommended_action', title: 'Recommended action' },
            { from: 'status', title: 'State', width: 130 },
            { from: 'incident', title: 'Incident', link: toIncident() },
            { from: 'instance', title: 'Host' },
          ],
          sortBy: { column: 'Severity', ascending: true },
        }),
      },
    ],
  }
}

function nearRow(): Row {
  const key = 'signal, instance, group, probe, device'
  const share = `max by (${key}) (procwarden:signal:sustained{${HOST},group=~"$group|"} / (procwarden:signal:limit{${HOST}} > 0))`
  const of = (name: string): string =>
    `max by (${key}) (procwarden:signal:${name}{${HOST},group=~"$group|"}) and on (${key}) topk(15, ${share})`
  return {
    title: 'On the way',
    height: 10,
    panels: [
      {
        width: 15,
        panel: table({
          title: 'Nearest to their limit',
          description: 'The signals that are nearest to being an anomaly: the level held for five minutes as a share of the limit.',
          unit: 'short',
          queries: [`topk(15, ${share})`, of('level'), of('baseline'), of('limit')],
          columns: [
            { from: 'group', title: 'Program', link: toProgram('Host') },
            { from: 'signal', title: 'Signal' },
            { from: 'probe', title: 'Probe' },
            { from: 'device', title: 'Device' },
            {
              from: 0,
              title: 'Of the limit',
              unit: 'percentunit',
              decimals: 0,
              steps: [
                { value: null, color: 'text' },
                { value: 0.8, color: 'orange' },
                { value: 1, color: 'red' },
              ],
            },
            { from: 1, title: 'Level', unit: 'short' },
            { from: 2, title: 'Usual', unit: 'short' },
            { from: 3, title: 'Its limit', unit: 'short' },
            { from: 'instance', title: 'Host' },
          ],
          sortBy: { column: 'Of the limit' },
        }),
      },
      {
        width: 9,
        panel: timeline({
          title: 'Growing steadily',
          description:
            'Programs whose memory rises so evenly that it looks like a leak, and programs that gain descriptors or threads without pause.',
          unit: 'short',
          queries: [
            {
              expr: `max by (signal, group) (procwarden:limit:value{signal=~"memory_leak_.+|fd_leak|thread_growth",${PROGRAM}} > bool 0)`,
              legend: '{{group}} {{signal}}',
            },
          ],
          steps: [
            { value: null, color: 'text' },
            { value: 1, color: 'orange' },
          ],
          texts: { '1': { text: 'growing', color: 'orange' } },
          noValue: 'nothing grows without pause',
        }),
      },
    ],
  }
}
