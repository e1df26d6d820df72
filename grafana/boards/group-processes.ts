/** Owns the rows of a program's dashboard about its processes: how they come and go, and which they are. */
import type { Row } from '../layout.ts'
import { STEPS } from '../panels/panel.ts'
import { table } from '../panels/table.ts'
import { timeSeries } from '../panels/time-series.ts'
import { ONE_PROGRAM } from '../promql.ts'

export function lives(): Row {
  const increase = (metric: string): string => `increase(${metric}{${ONE_PROGRAM}}[$__rate_interval])`
  return {
    title: 'Restarts and exits',
    height: 8,
    panels: [
      {
        width: 6,
        panel: timeSeries({
          title: 'Processes by state',
          description: 'Processes of the program by state; a zombie has ended and waits for its parent.',
          unit: 'short',
          shape: 'area',
          queries: [{ expr: `sum by (state) (procwarden_group_processes{${ONE_PROGRAM}}) > 0`, legend: '{{state}}' }],
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Starts',
          description: 'Programs of the group that began, restarts included, within each step of the graph.',
          unit: 'short',
          shape: 'bars',
          queries: [{ expr: `sum(${increase('procwarden_group_starts_total')})`, legend: 'starts' }],
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Exits and crashes',
          description: 'Processes that ended: with success, with an error, by a signal; and crashes by their signal.',
          unit: 'short',
          shape: 'bars',
          queries: [
            { expr: `sum by (reason) (${increase('procwarden_group_exits_total')}) > 0`, legend: '{{reason}}' },
            { expr: `sum by (signal) (${increase('procwarden_group_crashes_total')}) > 0`, legend: 'crash: {{signal}}' },
          ],
          styles: [['/^(error|crash)/', 'bad']],
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Age of the oldest process',
          description: 'Since when the oldest living process runs: it falls to zero when the program is restarted.',
          unit: 'dtdurations',
          queries: [{ expr: `time() - min(procwarden_group_oldest_start_time_seconds{${ONE_PROGRAM}})`, legend: 'age' }],
        }),
      },
    ],
  }
}

export function processes(): Row {
  const by = 'sum by (pid)'
  const cpu = `${by} (rate(procwarden_process_cpu_seconds_total{${ONE_PROGRAM}}[$__rate_interval]))`
  return {
    title: 'Its processes',
    height: 10,
    panels: [
      {
        width: 24,
        panel: table({
          title: 'Processes of the program',
          description: 'Those with series of their own: the most active ones, when there are too many.',
          unit: 'short',
          queries: [
            cpu,
            `max by (pid, comm, user, unit) (procwarden_process_info{${ONE_PROGRAM}})`,
            `${by} (procwarden_process_resident_memory_bytes{${ONE_PROGRAM}})`,
            `${by} (rate(procwarden_process_read_bytes_total{${ONE_PROGRAM}}[$__rate_interval]))`,
            `${by} (rate(procwarden_process_written_bytes_total{${ONE_PROGRAM}}[$__rate_interval]))`,
            `${by} (procwarden_process_open_fds{${ONE_PROGRAM}})`,
            `${by} (procwarden_process_threads{${ONE_PROGRAM}})`,
            // Who has created none has no series; nobody has one where nobody is told who creates.
            `${by} (procwarden:process_files_created:increase5m{${ONE_PROGRAM}}) or ${by} (0 * procwarden_process_start_time_seconds{${ONE_PROGRAM}} and on (instance, job) procwarden_file_watch_backend_info{backend="fanotify"})`,
            `time() - max by (pid) (procwarden_process_start_time_seconds{${ONE_PROGRAM}})`,
          ],
          columns: [
            { from: 'pid', title: 'pid', width: 90 },
            { from: 'comm', title: 'Name' },
            { from: 'user', title: 'User' },
            { from: 'unit', title: 'Unit' },
            { from: 0, title: 'Cores', unit: 'short', decimals: 2 },
            { from: 2, title: 'Memory', unit: 'bytes' },
            { from: 3, title: 'Read', unit: 'Bps' },
            { from: 4, title: 'Written', unit: 'Bps' },
            { from: 5, title: 'Descriptors', unit: 'short', decimals: 0 },
            { from: 6, title: 'Threads', unit: 'short', decimals: 0 },
            { from: 7, title: 'Files in 5 min', unit: 'short', decimals: 0, steps: STEPS.plain },
            { from: 8, title: 'Age', unit: 'dtdurations' },
          ],
          sortBy: { column: 'Cores' },
        }),
      },
    ],
  }
}
