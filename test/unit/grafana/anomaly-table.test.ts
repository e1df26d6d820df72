/** Tests the table of anomalies: its PromQL on made-up series in Prometheus' own engine, its transformations in Grafana's own code. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { ANOMALY_QUERIES } from '../../../grafana/boards/anomaly-queries.ts'
import { substituteVariables } from '../../../grafana/queries.ts'
import { committedDashboards, shownPanels } from '../../support/dashboards.ts'
import { transformed, type InstantSeries } from '../../support/grafana-data.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { requireTool } from '../rules/shipped-rules.ts'

const HOST = 'instance="one:9930",job="procwarden-exporter"'
const OTHER = 'instance="two:9930",job="procwarden-exporter"'
const alert = (name: string, severity: string, labels: string): string =>
  `ALERTS{alertname="${name}",alertstate="firing",severity="${severity}",kind="anomaly",remediate="notify",${labels}}`
const incident = (id: string, labels: string): string =>
  `procwarden_incident_info{incident="${id}",instance="one:9931",job="procwarden-remediator",${labels}}`

/** Thirty minutes, a sample each. */
const SERIES: ReadonlyArray<readonly [series: string, values: string]> = [
  // A program, of which process 11 is the busy one; on another machine too, where there is no incident.
  [alert('CpuAboveBaseline', 'warning', `signal="cpu",group="node",${HOST}`), '1x30'],
  [alert('CpuAboveBaseline', 'critical', `signal="cpu",group="node",${OTHER}`), '1x30'],
  [`procwarden:signal:level{signal="cpu",group="node",${HOST}}`, '0+0.1x30'],
  [`procwarden:signal:level{signal="cpu",group="node",${OTHER}}`, '4x30'],
  [`procwarden:signal:baseline{signal="cpu",group="node",${HOST}}`, '0.5x30'],
  [`procwarden:signal:limit{signal="cpu",group="node",${HOST}}`, '1x30'],
  [`procwarden_process_cpu_seconds_total{group="node",pid="11",mode="user",${HOST}}`, '0+60x30'],
  [`procwarden_process_cpu_seconds_total{group="node",pid="12",mode="user",${HOST}}`, '0+6x30'],
  [`procwarden_process_resident_memory_bytes{group="node",pid="12",${HOST}}`, '9e9x30'],
  [
    incident(
      'I-cpu',
      'alertname="CpuAboveBaseline",host="one:9930",signal="cpu",group="node",pid="",subject="",status="done",recommended_action="notify"',
    ),
    '1x30',
  ],
  // Beyond the band as well: the same program, another measure, another process.
  [alert('SignalOutOfRange', 'warning', `signal="memory",direction="above",group="node",${HOST}`), '1x30'],
  [`procwarden:signal:level{signal="memory",group="node",${HOST}}`, '9e9x30'],
  [`procwarden:signal:upper{signal="memory",group="node",${HOST}}`, '3e9x30'],
  [`procwarden:signal:limit{signal="memory",group="node",${HOST}}`, '8e9x30'],
  // A process that the alert names itself.
  [alert('InfiniteLoop', 'warning', `signal="spin",group="loop",pid="5",${HOST}`), '1x30'],
  [`procwarden:limit:value{signal="spin",group="loop",pid="5",${HOST}}`, '0.99x30'],
  [`procwarden:threshold:limit{signal="spin",group="loop",pid="5",${HOST}}`, '0.9x30'],
  [`procwarden:signal:baseline{signal="cpu",group="loop",${HOST}}`, '0.01x30'],
  // A folder, whose writer the remediator found.
  [alert('FileCreationStorm', 'critical', `directory="/srv/in",${HOST}`), '1x30'],
  [`procwarden:files_created:increase5m{directory="/srv/in",${HOST}}`, '300x30'],
  ['procwarden:threshold:storm:default{signal="directory_files"}', '100x30'],
  [
    incident(
      'I-storm',
      'alertname="FileCreationStorm",host="one:9930",signal="",group="writer.cjs",pid="77",subject="/srv/in",status="awaiting_approval",diagnosis="a loop that writes",confidence="high",recommended_action="kill"',
    ),
    '1x30',
  ],
  // A file system, on the machine that has no incident.
  [alert('DiskFull', 'critical', `signal="disk_used",mountpoint="/",${OTHER}`), '1x30'],
  [`procwarden:limit:value{signal="disk_used",mountpoint="/",${OTHER}}`, '0.97x30'],
  [`procwarden:threshold:limit{signal="disk_used",mountpoint="/",${OTHER}}`, '0.9x30'],
  // Only information.
  [alert('LearningNotFinished', 'info', HOST), '1x30'],
]

/** What the table has to show. */
const ROWS = {
  'CpuAboveBaseline one': ['node', '11', '', 2, 0.5, 4, 1, 'cores', 6, '', '', 'notify', 'done', 'I-cpu'],
  'CpuAboveBaseline two': ['node', '', '', 4, null, null, null, 'cores', 0, '', '', '', '', ''],
  'SignalOutOfRange one': ['node', '12', '', 9e9, null, null, 3e9, 'bytes', 0, '', '', '', '', ''],
  'InfiniteLoop one': ['loop', '5', '', 0.99, 0.01, 99, 0.9, 'cores', null, '', '', '', '', ''],
  'FileCreationStorm one': [
    'writer.cjs',
    '77',
    '/srv/in',
    300,
    300,
    1,
    100,
    'files in 5 min',
    null,
    'a loop that writes',
    'high',
    'kill',
    'awaiting_approval',
    'I-storm',
  ],
  'DiskFull two': ['', '', '/', 0.97, null, null, 0.9, 'share', null, '', '', '', '', ''],
}
const SHOWN = [
  'Process',
  'pid',
  'Where',
  'Current',
  'Baseline',
  'Ratio',
  'Limit',
  'Unit',
  'Growth per hour',
  'Diagnosis',
  'Confidence',
  'Recommended action',
  'State',
  'Incident',
]

const [panel] = committedDashboards()
  .flatMap((dashboard) => shownPanels(dashboard))
  .filter(({ title }) => title === 'Anomalies now')

describe('the table of anomalies', () => {
  test('asks what the sources say', () => {
    expect(panel?.targets.map(({ expr }) => expr)).toEqual(Object.values(ANOMALY_QUERIES).map((query) => query.trim()))
  })

  test('shows of each alert the process, how much it is, and its incident', async () => {
    const answers = new Map(panel?.targets.map(({ refId, expr }) => [refId, evaluate(expr)]))
    const { columns, rows } = await transformed(panel?.transformations ?? [], answers)
    expect(columns).toEqual(['Severity', 'Anomaly', ...SHOWN, 'Host'])
    const shown = rows.map((row) => [
      `${String(row['Anomaly'])} ${String(row['Host']).split(':')[0]}`,
      SHOWN.map((column) => (typeof row[column] === 'number' ? Number(row[column].toPrecision(6)) : (row[column] ?? null))),
    ])
    expect(Object.fromEntries(shown)).toEqual(ROWS)
    expect(rows).toHaveLength(Object.keys(ROWS).length)
  })

  test('needs no incident, as where no remediator runs', () => {
    const answer = evaluate(
      panel?.targets[0]?.expr ?? '',
      SERIES.filter(([series]) => !series.startsWith('procwarden_incident_info')),
    )
    expect(answer).toHaveLength(Object.keys(ROWS).length)
    expect(answer.filter(({ metric }) => metric['incident'] !== undefined)).toEqual([])
  })
})

/** The answer of Prometheus' engine after twenty minutes: promtool says what it got when it is not what it was told to expect. */
function evaluate(expr: string, series = SERIES): InstantSeries[] {
  const file = path.join(temporaryDirectory(), 'table.test.yml')
  const query = substituteVariables(expr, { __rate_interval: '5m' })
  writeFileSync(
    file,
    stringify({
      rule_files: [],
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: series.map(([name, values]) => ({ series: name, values })),
          promql_expr_test: [{ expr: query, eval_time: '20m', exp_samples: [{ labels: '{never="expected"}', value: 1 }] }],
        },
      ],
    }),
  )
  const { stdout, stderr } = spawnSync(requireTool('promtool'), ['test', 'rules', file], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  const got = /\n\s+got:(?<samples>[\s\S]*)$/.exec(stdout + stderr)?.groups?.['samples']
  if (got === undefined) throw new Error(`promtool: ${stdout}${stderr}`)
  return [...got.matchAll(/\{(?<labels>(?:[^"{}]|"(?:[^"\\]|\\.)*")*)\} (?<value>[-+\d.eE]+|NaN|[+-]Inf)/g)].map(({ groups }) => ({
    metric: Object.fromEntries(
      [...(groups?.['labels'] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value]),
    ),
    value: [1200, groups?.['value'] ?? ''],
  }))
}
