/** Owns the dashboard of one program on one host: each signal with its normal, and what its processes did. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from '../dashboard.ts'
import type { Row } from '../layout.ts'
import { STEPS } from '../panels/panel.ts'
import { count, stat } from '../panels/stat.ts'
import { ONE_PROGRAM } from '../promql.ts'
import { alertTimeline } from './alert-timeline.ts'
import { lives, processes } from './group-processes.ts'
import { signalPanel } from './signal-panel.ts'
import { memoryGrowth } from './memory-growth.ts'

const ALERTS_OF_PROGRAM = `alertstate="firing",remediate=~".+",${ONE_PROGRAM}`

export function group(): Dashboard {
  return board({
    name: 'group',
    description: 'One program on one host: each of its signals with the baseline, the band of seven days and the anomalies.',
    single: true,
    alerts: ALERTS_OF_PROGRAM,
    rows: [now(), cpuAndMemory(), inputAndOutput(), handles(), lives(), processes()],
  })
}

function now(): Row {
  const limit = { value: 1, color: 'red' }
  const near = [{ value: null, color: 'text' }, { value: 0.8, color: 'orange' }, limit]
  return {
    title: 'Now',
    height: 5,
    panels: [
      {
        width: 4,
        panel: stat({
          title: 'Kind',
          description: 'The category that the program is taken for.',
          unit: 'short',
          queries: [
            {
              expr: `max by (category) (label_replace(procwarden_group_info{${ONE_PROGRAM}}, "category", "unknown", "category", ""))`,
              legend: '{{category}}',
            },
          ],
          steps: STEPS.plain,
          namesOnly: true,
        }),
      },
      count(4, 'Processes', 'Living processes of the program.', `sum(procwarden_group_processes{${ONE_PROGRAM}})`, STEPS.plain),
      {
        width: 4,
        panel: stat({
          title: 'Nearest to a limit',
          description: 'The signal that is nearest to the limit above which it is an anomaly, as a share of that limit.',
          unit: 'percentunit',
          decimals: 0,
          queries: [
            {
              expr: `topk(1, procwarden:signal:sustained{${ONE_PROGRAM}} / (procwarden:signal:limit{${ONE_PROGRAM}} > 0))`,
              legend: '{{signal}}',
            },
          ],
          steps: near,
          noValue: 'five minutes have to pass',
        }),
      },
      {
        width: 4,
        panel: stat({
          title: 'Hours learned',
          description: 'Hours of history behind the baseline; until a day of them is there, default baselines judge.',
          unit: 'short',
          decimals: 0,
          queries: [{ expr: `max(procwarden:signal:hours7d{${ONE_PROGRAM}})` }],
          steps: STEPS.plain,
          noValue: 'none yet',
        }),
      },
      {
        width: 8,
        panel: alertTimeline({
          title: 'Alerts about it',
          description: 'Alerts about this program by name.',
          alerts: ALERTS_OF_PROGRAM,
          by: ['alertname'],
        }),
      },
    ],
  }
}

function cpuAndMemory(): Row {
  return {
    title: 'CPU and memory',
    height: 10,
    panels: [
      signalPanel({ width: 8, signal: 'cpu', title: 'CPU', what: 'Cores in use', unit: 'suffix: cores' }),
      signalPanel({ width: 8, signal: 'memory', title: 'Memory', what: 'Memory in RAM', unit: 'bytes' }),
      { width: 8, panel: memoryGrowth() },
    ],
  }
}

function inputAndOutput(): Row {
  return {
    title: 'Input and output',
    height: 9,
    panels: [
      signalPanel({ width: 8, signal: 'writes', title: 'Write operations', what: 'System calls that write, per second', unit: 'ops' }),
      signalPanel({ width: 8, signal: 'reads', title: 'Read operations', what: 'System calls that read, per second', unit: 'ops' }),
      signalPanel({ width: 8, signal: 'files', title: 'Files created', what: 'Files created per second', unit: 'suffix: files/s' }),
    ],
  }
}

function handles(): Row {
  return {
    title: 'Descriptors and threads',
    height: 9,
    panels: [
      signalPanel({ width: 12, signal: 'fds', title: 'File descriptors', what: 'Open file descriptors', unit: 'short' }),
      signalPanel({ width: 12, signal: 'threads', title: 'Threads', what: 'Threads of all processes', unit: 'short' }),
    ],
  }
}
