/** Owns the dashboard of procwarden's own health: whether its parts run, what they cost, and what they do not see. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from '../dashboard.ts'
import type { Row } from '../layout.ts'
import { STEPS } from '../panels/panel.ts'
import { stat } from '../panels/stat.ts'
import { timeSeries } from '../panels/time-series.ts'
import { timeline } from '../panels/timeline.ts'
import { HOST, PROGRAM } from '../promql.ts'

export function stack(): Dashboard {
  return board({
    name: 'stack',
    description: 'Whether procwarden itself is well: its parts, what they cost, what they miss, and how far learning has come.',
    rows: [parts(), cost(), exporter(), remediator(), learning()],
  })
}

const PARTS = 'job=~"procwarden-.+"'

function parts(): Row {
  return {
    title: 'Parts',
    height: 6,
    panels: [
      {
        width: 9,
        panel: timeline({
          title: 'Reached by Prometheus',
          description: 'Whether Prometheus reached the exporters and the remediators.',
          unit: 'short',
          queries: [{ expr: `up{${PARTS}}`, legend: '{{job}} {{instance}}' }],
          steps: STEPS.zeroIsBad,
          texts: { '0': { text: 'down', color: 'red' }, '1': { text: 'up', color: 'green' } },
        }),
      },
      {
        width: 5,
        panel: stat({
          title: 'Versions',
          description: 'The versions of procwarden that run, and in how many parts; more than one only while they are being exchanged.',
          unit: 'short',
          queries: [{ expr: 'count by (version) (procwarden_build_info)', legend: '{{version}}' }],
          steps: STEPS.plain,
        }),
      },
      {
        width: 5,
        panel: stat({
          title: 'Files seen by',
          description: 'How file creations are seen, and why in this way. chokidar does not know who wrote.',
          unit: 'short',
          queries: [{ expr: `procwarden_file_watch_backend_info{${HOST}} > 0`, legend: '{{backend}} {{reason}}' }],
          steps: STEPS.plain,
          namesOnly: true,
        }),
      },
      {
        width: 5,
        panel: stat({
          title: 'Lives seen by',
          description: 'How starts and exits are seen: netlink is exact, scan misses what lives shorter than the interval between scans.',
          unit: 'short',
          queries: [{ expr: `procwarden_lifecycle_backend_info{${HOST}} > 0`, legend: '{{backend}} {{reason}}' }],
          steps: STEPS.plain,
          namesOnly: true,
        }),
      },
    ],
  }
}

function cost(): Row {
  return {
    title: 'What it costs',
    height: 8,
    panels: [
      {
        width: 6,
        panel: timeSeries({
          title: 'CPU of the parts',
          description: 'Cores that the exporters and remediators use themselves.',
          unit: 'suffix: cores',
          queries: [
            {
              expr: `sum by (job, instance) (rate(process_cpu_seconds_total{${PARTS}}[$__rate_interval]))`,
              legend: '{{job}} {{instance}}',
            },
          ],
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Memory of the parts',
          description: 'Memory in RAM that the exporters and remediators hold themselves.',
          unit: 'bytes',
          queries: [{ expr: `sum by (job, instance) (process_resident_memory_bytes{${PARTS}})`, legend: '{{job}} {{instance}}' }],
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Scrapes',
          description: 'How long Prometheus waited for each part.',
          unit: 's',
          queries: [{ expr: `max by (job, instance) (scrape_duration_seconds{${PARTS}})`, legend: '{{job}} {{instance}}' }],
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Series',
          description: 'Samples that each scrape brought.',
          unit: 'short',
          shape: 'steps',
          queries: [{ expr: `max by (job, instance) (scrape_samples_scraped{${PARTS}})`, legend: '{{job}} {{instance}}' }],
        }),
      },
    ],
  }
}

function exporter(): Row {
  return {
    title: 'Exporter',
    height: 8,
    panels: [
      {
        width: 6,
        panel: timeSeries({
          title: 'Collectors',
          description: 'How long each collector of the exporter takes within a scrape.',
          unit: 's',
          queries: [{ expr: `max by (collector) (procwarden_collector_duration_seconds{${HOST}})`, legend: '{{collector}}' }],
        }),
      },
      {
        width: 6,
        panel: timeline({
          title: 'Collectors that fail',
          description: 'Whether each collector answered in time and without a fault; else its last good figures are served.',
          unit: 'short',
          queries: [{ expr: `min by (collector) (procwarden_collector_success{${HOST}})`, legend: '{{collector}}' }],
          steps: STEPS.zeroIsBad,
          texts: { '0': { text: 'failing', color: 'red' }, '1': { text: 'well', color: 'green' } },
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'What is not seen',
          description: 'Series left out by a cap, and events of files and processes that the kernel dropped; since the exporter started.',
          unit: 'short',
          shape: 'steps',
          queries: [
            { expr: `sum by (family) (procwarden_series_dropped_total{${HOST}})`, legend: 'series dropped: {{family}}' },
            { expr: `sum(procwarden_file_watch_overflows_total{${HOST}})`, legend: 'file events overflowed' },
            { expr: `sum(procwarden_lifecycle_lost_events_total{${HOST}})`, legend: 'process events lost' },
          ],
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'What may not be read',
          description:
            'Processes whose figures are absent because their file in /proc may not be read: run the exporter with more privileges to see them.',
          unit: 'short',
          shape: 'steps',
          queries: [{ expr: `sum by (source) (procwarden_processes_unreadable{${HOST}})`, legend: '{{source}}' }],
          noValue: 'every process can be read',
        }),
      },
    ],
  }
}

function remediator(): Row {
  return {
    title: 'Remediator',
    height: 8,
    panels: [
      {
        width: 6,
        panel: timeSeries({
          title: 'Webhook answers',
          description:
            'Requests per second by the status they were answered with. 503 means that the alert could not be written down; Alertmanager sends it again.',
          unit: 'reqps',
          queries: [{ expr: 'sum by (code) (rate(procwarden_webhook_requests_total[$__rate_interval]))', legend: '{{code}}' }],
          styles: [['/^(4|5)/', 'bad']],
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Queue',
          description: 'Alerts that are acknowledged but not yet incidents, and the age of the oldest of them in seconds.',
          unit: 'short',
          shape: 'steps',
          queries: [
            { expr: 'sum(procwarden_remediation_queue_length)', legend: 'alerts' },
            { expr: 'max(procwarden_remediation_queue_age_seconds)', legend: 'age in seconds' },
          ],
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Store and reconciliation',
          description:
            "Failures of the store by reason, and comparisons with Alertmanager's active alerts by outcome; since the remediator started.",
          unit: 'short',
          shape: 'steps',
          queries: [
            { expr: 'sum by (reason) (procwarden_store_errors_total)', legend: 'store: {{reason}}' },
            { expr: 'sum by (outcome) (procwarden_reconcile_runs_total)', legend: 'reconciled: {{outcome}}' },
          ],
        }),
      },
      {
        width: 6,
        panel: timeline({
          title: 'Who works',
          description: 'Which of several remediators of one store works; the others stand by.',
          unit: 'short',
          queries: [{ expr: 'max by (instance) (procwarden_remediation_leader)', legend: '{{instance}}' }],
          steps: STEPS.plain,
          texts: { '0': { text: 'stands by', color: 'text' }, '1': { text: 'works', color: 'green' } },
        }),
      },
    ],
  }
}

function learning(): Row {
  return {
    title: 'Learning and rules',
    height: 8,
    panels: [
      {
        width: 12,
        panel: timeSeries({
          title: 'Hours learned',
          description: 'The most and the fewest hours of history behind a signal of the chosen programs, against what a baseline needs.',
          unit: 'short',
          queries: [
            { expr: `max(procwarden:signal:hours7d{${PROGRAM}})`, legend: 'most' },
            { expr: `min(procwarden:signal:hours7d{${PROGRAM}})`, legend: 'fewest' },
            { expr: 'max(procwarden:threshold:hours:default{signal="cpu"})', legend: 'needed' },
          ],
          styles: [['/^needed$/', 'limit']],
          noValue: 'no hour is full yet',
        }),
      },
      {
        width: 12,
        panel: timeSeries({
          title: 'Signals judged',
          description: 'How many programs, probes and devices are judged by each signal.',
          unit: 'short',
          shape: 'steps',
          queries: [{ expr: `count by (signal) (procwarden:signal:level{${HOST},group=~"$group|"})`, legend: '{{signal}}' }],
        }),
      },
    ],
  }
}
