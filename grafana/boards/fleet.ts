/** Owns the fleet's dashboard: which host wants a look, what fires where, and who uses most of all hosts together. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from '../dashboard.ts'
import type { Row } from '../layout.ts'
import { lineToProgram, toHost } from '../links.ts'
import { STEPS } from '../panels/panel.ts'
import { count } from '../panels/stat.ts'
import { table } from '../panels/table.ts'
import { timeSeries } from '../panels/time-series.ts'
import { timeline } from '../panels/timeline.ts'
import { ALERT, HOST, PROGRAM, leadersByLevel, leadersByRate, rate } from '../promql.ts'
import { alertTimeline } from './alert-timeline.ts'

export function fleet(): Dashboard {
  return board({
    name: 'fleet',
    description: 'All hosts at a glance: which one wants a look, what fires, and which programs use most.',
    rows: [now(), hosts(), programs(), endpoints()],
  })
}

function now(): Row {
  const width = 4
  return {
    title: 'Now',
    height: 4,
    panels: [
      count(
        width,
        'Hosts measured',
        'Exporters that Prometheus reaches.',
        `count(up{job="procwarden-exporter",${HOST}} == 1) or vector(0)`,
        STEPS.zeroIsBad,
      ),
      count(
        width,
        'Hosts silent',
        'Exporters that Prometheus does not reach: nothing on those machines is watched.',
        `count(up{job="procwarden-exporter",${HOST}} == 0) or vector(0)`,
        STEPS.zeroIsGood,
      ),
      count(
        width,
        'Critical alerts',
        'Alerts of severity critical that fire now.',
        `count(ALERTS{${ALERT},severity="critical"}) or vector(0)`,
        STEPS.zeroIsGood,
      ),
      count(
        width,
        'Warnings',
        'Alerts of severity warning that fire now.',
        `count(ALERTS{${ALERT},severity="warning"}) or vector(0)`,
        STEPS.zeroIsPlain,
      ),
      count(
        width,
        'Incidents open',
        'Incidents that wait for their turn, a later attempt or a person; of every host the remediators serve.',
        'sum(procwarden_remediation_incidents{status=~"queued|deferred|awaiting_approval"}) or vector(0)',
        STEPS.zeroIsPlain,
      ),
      count(
        width,
        'Waiting for a person',
        'Incidents handed to a person that nobody has closed, and approvals that nobody has answered.',
        'sum(procwarden_human_alerts_open) + sum(procwarden_remediation_approvals_pending) or vector(0)',
        STEPS.zeroIsGood,
      ),
    ],
  }
}

function hosts(): Row {
  return {
    title: 'Hosts',
    height: 9,
    panels: [
      {
        width: 14,
        panel: table({
          title: 'Hosts',
          description: 'Each host with what it is short of; the hours learned say whether its baselines are its own yet.',
          unit: 'short',
          queries: [
            `max by (instance) (up{job="procwarden-exporter",${HOST}})`,
            `1 - avg by (instance) (${rate('procwarden_host_cpu_seconds_total', `${HOST},mode="idle"`)})`,
            `max by (instance) (1 - procwarden_host_memory_available_bytes{${HOST}} / procwarden_host_memory_total_bytes{${HOST}})`,
            `max by (instance) (procwarden_host_load1{${HOST}})`,
            `max by (instance) (1 - procwarden_host_filesystem_avail_bytes{${HOST}} / (procwarden_host_filesystem_size_bytes{${HOST}} > 0) unless procwarden_host_filesystem_readonly{${HOST}} == 1)`,
            `count by (instance) (ALERTS{${ALERT},severity=~"critical|warning"})`,
            `max by (instance) (procwarden:signal:hours7d{${HOST}})`,
            `max by (instance) (procwarden_host_uptime_seconds{${HOST}})`,
          ],
          columns: [
            { from: 'instance', title: 'Host', link: toHost() },
            {
              from: 0,
              title: 'State',
              unit: 'short',
              texts: { '0': { text: 'silent', color: 'red' }, '1': { text: 'measured', color: 'text' } },
            },
            { from: 1, title: 'CPU', unit: 'percentunit', decimals: 0, steps: STEPS.share },
            { from: 2, title: 'Memory', unit: 'percentunit', decimals: 0, steps: STEPS.share },
            { from: 3, title: 'Load', unit: 'short', decimals: 1 },
            { from: 4, title: 'Fullest disk', unit: 'percentunit', decimals: 0, steps: STEPS.share },
            { from: 5, title: 'Alerts', unit: 'short', decimals: 0, steps: STEPS.zeroIsPlain },
            { from: 6, title: 'Hours learned', unit: 'short', decimals: 0 },
            { from: 7, title: 'Up for', unit: 'dtdurations' },
          ],
          sortBy: { column: 'CPU' },
        }),
      },
      {
        width: 10,
        panel: alertTimeline({
          title: 'What fired',
          description: 'Alerts of the chosen hosts by name, with their severity.',
          alerts: ALERT,
          by: ['alertname', 'instance'],
        }),
      },
    ],
  }
}

function programs(): Row {
  const cpu = rate('procwarden_group_cpu_seconds_total', PROGRAM)
  return {
    title: 'Programs of all hosts',
    height: 9,
    panels: [
      {
        width: 8,
        panel: timeSeries({
          title: 'CPU by host',
          description: 'Share of all processors of each host that is in use.',
          unit: 'percentunit',
          max: 1,
          queries: [
            { expr: `1 - avg by (instance) (${rate('procwarden_host_cpu_seconds_total', `${HOST},mode="idle"`)})`, legend: '{{instance}}' },
          ],
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'Busiest programs',
          description: 'Cores in use by the five programs that used most within the time shown.',
          unit: 'suffix: cores',
          queries: [
            {
              expr: `sum by (instance, group) (${cpu}) and on (instance, group) ${leadersByRate(5, 'procwarden_group_cpu_seconds_total')}`,
              legend: '{{group}} on {{instance}}',
            },
          ],
          link: lineToProgram(),
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'Largest programs',
          description:
            'Memory in RAM of the five programs that hold most at the end of the time shown; shared pages count for each process.',
          unit: 'bytes',
          queries: [
            {
              expr: `sum by (instance, group) (procwarden_group_resident_memory_bytes{${PROGRAM}}) and on (instance, group) ${leadersByLevel(5, 'procwarden_group_resident_memory_bytes')}`,
              legend: '{{group}} on {{instance}}',
            },
          ],
          link: lineToProgram(),
        }),
      },
    ],
  }
}

function endpoints(): Row {
  const states = { '0': { text: 'down', color: 'red' }, '1': { text: 'up', color: 'green' } }
  return {
    title: 'Endpoints, services and checks',
    height: 8,
    panels: [
      {
        width: 8,
        panel: timeline({
          title: 'Probes',
          description: 'Whether each health endpoint gave the expected answer.',
          unit: 'short',
          queries: [{ expr: `min by (instance, probe) (procwarden_probe_up{${HOST}})`, legend: '{{probe}}' }],
          steps: STEPS.zeroIsBad,
          texts: states,
          noValue: 'no probe is configured',
        }),
      },
      {
        width: 8,
        panel: timeline({
          title: 'Services',
          description: 'Whether a process of each managed service runs.',
          unit: 'short',
          queries: [{ expr: `min by (instance, service) (procwarden_service_up{${HOST}})`, legend: '{{service}}' }],
          steps: STEPS.zeroIsBad,
          texts: states,
          noValue: 'no service is configured',
        }),
      },
      {
        width: 8,
        panel: timeline({
          title: 'Checks',
          description: 'Whether each synthetic check passed when it last ran; from the remediators.',
          unit: 'short',
          queries: [{ expr: 'min by (check) (procwarden_check_success)', legend: '{{check}}' }],
          steps: STEPS.zeroIsBad,
          texts: { '0': { text: 'failed', color: 'red' }, '1': { text: 'passed', color: 'green' } },
          noValue: 'no check has run',
        }),
      },
    ],
  }
}
