/** Owns what the overview shows: who creates files, who uses CPU, what was done about it, and whether procwarden itself is well. */
import type { Row } from './layout.ts'
import { STEPS, stat, table, timeSeries } from './panels.ts'

/** The alerts that procwarden acts on or tells about. */
export const FIRING = 'ALERTS{alertstate="firing",remediate=~".+",instance=~"$instance"}'

const PROGRAM = 'instance=~"$instance",group=~"$group"'
const CPU = `sum by (instance, group) (rate(procwarden_group_cpu_seconds_total{${PROGRAM}}[$__rate_interval]))`
// `@ end()` fixes who the busiest are for the whole graph, so that no line comes and goes.
const BUSIEST = `topk(5, sum by (instance, group) (rate(procwarden_group_cpu_seconds_total{${PROGRAM}}[$__range] @ end())))`

/** The dashboard's lines of panels from top to bottom. */
export function overviewRows(): Row[] {
  return [now(), files(), cpu(), remediation(), health()]
}

function now(): Row {
  return {
    title: 'Now',
    height: 4,
    panels: [
      {
        width: 6,
        panel: stat({
          title: 'Alerts firing',
          description: 'Alerts that procwarden acts on or tells about.',
          unit: 'short',
          queries: [{ expr: `count(${FIRING}) or vector(0)` }],
          steps: STEPS.zeroIsGood,
        }),
      },
      {
        width: 6,
        panel: stat({
          title: 'Incidents open',
          description:
            'Incidents that wait for their turn, for a later attempt or for a person. From the remediator, so of every host it serves.',
          unit: 'short',
          queries: [{ expr: 'sum(procwarden_remediation_incidents{status=~"queued|deferred|awaiting_approval"}) or vector(0)' }],
          steps: STEPS.zeroIsGood,
        }),
      },
      {
        width: 6,
        panel: stat({
          title: 'Alert to signal',
          description: 'The mean time from the start of an alert to the signal that ended its cause, of all since the remediator started.',
          unit: 's',
          queries: [
            { expr: 'sum(procwarden_remediation_action_delay_seconds_sum) / (sum(procwarden_remediation_action_delay_seconds_count) > 0)' },
          ],
          steps: STEPS.plain,
          noValue: 'none sent yet',
        }),
      },
      {
        width: 6,
        panel: stat({
          title: 'Audit trail',
          description: 'Whether each entry of the audit trail followed from the one before it when the remediator started.',
          unit: 'short',
          queries: [{ expr: 'min(procwarden_audit_intact)' }],
          steps: STEPS.zeroIsBad,
          texts: { '0': { text: 'broken', color: 'red' }, '1': { text: 'intact', color: 'green' } },
        }),
      },
    ],
  }
}

function files(): Row {
  return {
    title: 'Files',
    height: 9,
    panels: [
      {
        width: 8,
        panel: timeSeries({
          title: 'Files created by folder',
          description:
            'New files in the five minutes before each point, counted and not extrapolated: what FileCreationStorm compares with its threshold.',
          unit: 'short',
          shape: 'steps',
          queries: [
            { expr: 'procwarden:files_created:increase5m{instance=~"$instance"} > 0', legend: '{{directory}}' },
            { expr: 'max(procwarden:threshold:storm:default{signal="directory_files"})', legend: 'threshold' },
          ],
          dashedLegends: '/^threshold$/',
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'Files created by process',
          description:
            'New files in the five minutes before each point: what ProcessFileCreationStorm compares with its threshold. Needs the fanotify backend.',
          unit: 'short',
          shape: 'steps',
          queries: [
            { expr: `procwarden:process_files_created:increase5m{${PROGRAM}} > 0`, legend: '{{group}} ({{pid}})' },
            { expr: 'max(procwarden:threshold:storm:default{signal="process_files"})', legend: 'threshold' },
          ],
          dashedLegends: '/^threshold$/',
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'Files created by program',
          description: 'New files per second of each program, all its processes together. Needs the fanotify backend.',
          unit: 'suffix: files/s',
          queries: [
            {
              expr: `sum by (instance, group) (rate(procwarden_group_files_created_total{${PROGRAM}}[$__rate_interval])) > 0`,
              legend: '{{group}}',
            },
          ],
        }),
      },
    ],
  }
}

function cpu(): Row {
  return {
    title: 'CPU against baseline',
    height: 10,
    panels: [
      {
        width: 16,
        panel: timeSeries({
          title: 'CPU of the busiest programs',
          description:
            'Cores in use by the five busiest of the chosen programs, each with its baseline and the limit above which it is an anomaly after five minutes.',
          unit: 'suffix: cores',
          queries: [
            { expr: `${CPU} and on (instance, group) ${BUSIEST}`, legend: '{{group}}' },
            {
              expr: `procwarden:signal:baseline{signal="cpu",${PROGRAM}} and on (instance, group) ${BUSIEST}`,
              legend: '{{group}} baseline',
            },
            {
              expr: `procwarden:signal:limit{signal="cpu",${PROGRAM}} < Inf and on (instance, group) ${BUSIEST}`,
              legend: '{{group}} limit',
            },
          ],
          dashedLegends: '/ (baseline|limit)$/',
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'CPU as a share of the limit',
          description: 'The ten programs nearest to their limit. An anomaly is above 100 %.',
          unit: 'percentunit',
          queries: [
            {
              expr: `topk(10, procwarden:signal:sustained{signal="cpu",${PROGRAM}} / procwarden:signal:limit{signal="cpu",${PROGRAM}})`,
              legend: '{{group}}',
            },
          ],
        }),
      },
    ],
  }
}

function remediation(): Row {
  return {
    title: 'Remediation',
    height: 9,
    panels: [
      {
        width: 8,
        panel: timeSeries({
          title: 'Actions by outcome',
          description: 'Actions since the remediator started, with their outcome and the reason for it.',
          unit: 'short',
          shape: 'steps',
          queries: [
            {
              expr: 'sum by (action, outcome, reason) (procwarden_remediation_actions_total)',
              legend: '{{action}} {{outcome}} ({{reason}})',
            },
          ],
          noValue: 'none yet',
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Incidents by status',
          description: 'How many incidents are in each status.',
          unit: 'short',
          shape: 'steps',
          queries: [{ expr: 'sum by (status) (procwarden_remediation_incidents)', legend: '{{status}}' }],
        }),
      },
      {
        width: 10,
        panel: table({
          title: 'What is firing',
          description: 'What is wrong now. The remediator lists its incidents with their evidence.',
          unit: 'short',
          query: { expr: FIRING },
          columns: ['alertname', 'severity', 'instance', 'group', 'pid', 'directory', 'remediate'],
          noValue: 'nothing is wrong',
        }),
      },
    ],
  }
}

function health(): Row {
  return {
    title: 'procwarden itself',
    height: 7,
    panels: [
      {
        width: 5,
        panel: stat({
          title: 'Parts',
          description: 'Whether Prometheus reaches the exporter and the remediator.',
          unit: 'short',
          queries: [{ expr: 'up{job=~"procwarden-.+"}', legend: '{{job}}' }],
          steps: STEPS.zeroIsBad,
          texts: { '0': { text: 'down', color: 'red' }, '1': { text: 'up', color: 'green' } },
        }),
      },
      {
        width: 5,
        panel: stat({
          title: 'File watch',
          description: 'How file creations are seen. chokidar knows folders but not who wrote, and costs far more than fanotify.',
          unit: 'short',
          queries: [{ expr: 'procwarden_file_watch_backend_info{instance=~"$instance"} > 0', legend: '{{backend}} {{reason}}' }],
          steps: STEPS.plain,
          namesOnly: true,
        }),
      },
      {
        width: 7,
        panel: timeSeries({
          title: 'Collectors',
          description: 'How long each collector of the exporter takes; a failed one is 0 in the success series.',
          unit: 's',
          queries: [
            { expr: 'procwarden_collector_duration_seconds{instance=~"$instance"}', legend: '{{collector}}' },
            { expr: 'procwarden_collector_success{instance=~"$instance"} == 0', legend: '{{collector}} failed' },
          ],
        }),
      },
      {
        width: 7,
        panel: timeSeries({
          title: 'What is not seen',
          description:
            'Series left out by a cap, processes that may not be read, and file events lost by the kernel: gaps in what the other panels show.',
          unit: 'short',
          shape: 'steps',
          queries: [
            { expr: 'procwarden_series_dropped_total{instance=~"$instance"}', legend: 'series dropped: {{family}}' },
            { expr: 'procwarden_processes_unreadable{instance=~"$instance"}', legend: 'processes unreadable: {{source}}' },
            { expr: 'procwarden_file_watch_overflows_total{instance=~"$instance"}', legend: 'file events overflowed' },
          ],
        }),
      },
    ],
  }
}
