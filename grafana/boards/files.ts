/** Owns the dashboard of file activity: where files appear, who writes them, how many are copies, and what was missed. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from '../dashboard.ts'
import type { Row } from '../layout.ts'
import { lineToProgram, toProgram } from '../links.ts'
import { STEPS } from '../panels/panel.ts'
import { count, stat } from '../panels/stat.ts'
import { table } from '../panels/table.ts'
import { timeSeries } from '../panels/time-series.ts'
import { HOST, PROGRAM, rate } from '../promql.ts'

export function files(): Dashboard {
  return board({
    name: 'files',
    description: 'Files that are created: in which folders, by which programs and processes, and how many are copies of each other.',
    rows: [now(), storms(), writers(), whatElse(), watch()],
  })
}

function now(): Row {
  const width = 6
  return {
    title: 'Now',
    height: 4,
    panels: [
      count(
        width,
        'Files in five minutes',
        'New files below the watched folders in the last five minutes.',
        `sum(procwarden:files_created:increase5m{${HOST}}) or vector(0)`,
        STEPS.plain,
      ),
      {
        width,
        panel: stat({
          title: 'Copies',
          description: 'Share of the new files of the last quarter of an hour that are copies of another one, of those that were compared.',
          unit: 'percentunit',
          queries: [
            {
              expr: `sum(increase(procwarden_files_duplicates_total{${HOST}}[15m])) / (sum(increase(procwarden_files_examined_total{${HOST}}[15m])) > 0)`,
            },
          ],
          steps: [
            { value: null, color: 'text' },
            { value: 0.5, color: 'orange' },
          ],
          decimals: 0,
          noValue: 'none compared',
        }),
      },
      count(
        width,
        'File storms',
        'Alerts about folders, processes and programs that gain files too fast.',
        `count(ALERTS{alertstate="firing",alertname=~".*FileCreationStorm|DuplicateFiles",${HOST}}) or vector(0)`,
        STEPS.zeroIsGood,
      ),
      {
        width,
        panel: stat({
          title: 'Watched by',
          description: 'How file creations are seen: fanotify knows who wrote; chokidar knows folders only, and costs far more.',
          unit: 'short',
          queries: [{ expr: `procwarden_file_watch_backend_info{${HOST}} > 0`, legend: '{{backend}} {{reason}}' }],
          steps: STEPS.plain,
          namesOnly: true,
        }),
      },
    ],
  }
}

function storms(): Row {
  return {
    title: 'In five minutes, against the thresholds',
    height: 9,
    panels: [
      {
        width: 12,
        panel: timeSeries({
          title: 'By folder',
          description:
            'New files in the five minutes before each point, counted and not extrapolated: what FileCreationStorm compares with its threshold.',
          unit: 'short',
          shape: 'steps',
          queries: [
            { expr: `topk(10, procwarden:files_created:increase5m{${HOST}} > 0)`, legend: '{{directory}}' },
            { expr: 'max(procwarden:threshold:storm:default{signal="directory_files"})', legend: 'threshold' },
          ],
          styles: [['/^threshold$/', 'limit']],
        }),
      },
      {
        width: 12,
        panel: timeSeries({
          title: 'By process',
          description:
            'New files in the five minutes before each point: what ProcessFileCreationStorm compares with its threshold. Needs fanotify.',
          unit: 'short',
          shape: 'steps',
          queries: [
            { expr: `topk(10, procwarden:process_files_created:increase5m{${PROGRAM}} > 0)`, legend: '{{group}} ({{pid}})' },
            { expr: 'max(procwarden:threshold:storm:default{signal="process_files"})', legend: 'threshold' },
          ],
          styles: [['/^threshold$/', 'limit']],
          link: lineToProgram(),
        }),
      },
    ],
  }
}

function writers(): Row {
  return {
    title: 'Who and where',
    height: 9,
    panels: [
      {
        width: 8,
        panel: timeSeries({
          title: 'Rate by folder',
          description: 'New files per second in each folder.',
          unit: 'suffix: files/s',
          queries: [
            {
              expr: `topk(10, sum by (instance, directory) (${rate('procwarden_files_created_total', HOST)}) > 0)`,
              legend: '{{directory}}',
            },
          ],
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'Rate by program',
          description: 'New files per second of each program, all its processes together. Needs fanotify.',
          unit: 'suffix: files/s',
          queries: [
            {
              expr: `topk(10, sum by (instance, group) (${rate('procwarden_group_files_created_total', PROGRAM)}) > 0)`,
              legend: '{{group}}',
            },
          ],
          link: lineToProgram(),
        }),
      },
      {
        width: 8,
        panel: table({
          title: 'Busiest writers',
          description: 'Processes by the files they created in the last five minutes, with what else they do.',
          unit: 'short',
          queries: [
            `topk(15, max by (instance, group, pid) (procwarden:process_files_created:increase5m{${PROGRAM}}) > 0)`,
            `sum by (instance, group, pid) (${rate('procwarden_process_written_bytes_total', PROGRAM)}) and on (instance, group, pid) procwarden:process_files_created:increase5m > 0`,
          ],
          columns: [
            { from: 'group', title: 'Program', link: toProgram('Host') },
            { from: 'pid', title: 'pid', width: 80 },
            { from: 0, title: 'Files', unit: 'short', decimals: 0, width: 80 },
            { from: 1, title: 'Written', unit: 'Bps', width: 100 },
            { from: 'instance', title: 'Host' },
          ],
          sortBy: { column: 'Files' },
          noValue: 'nobody wrote',
        }),
      },
    ],
  }
}

function whatElse(): Row {
  const byFolder = (metric: string): string => `topk(10, sum by (instance, directory) (${rate(metric, HOST)}) > 0)`
  return {
    title: 'Copies, deletions and moves',
    height: 8,
    panels: [
      {
        width: 8,
        panel: timeSeries({
          title: 'Copies by folder',
          description: 'New files per second with the same content as one before, of those that were compared.',
          unit: 'suffix: files/s',
          queries: [{ expr: byFolder('procwarden_files_duplicates_total'), legend: '{{directory}}' }],
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'Deleted and moved',
          description: 'Files per second that were deleted, and that got their name in a folder by a rename.',
          unit: 'suffix: files/s',
          queries: [
            { expr: `sum(${rate('procwarden_files_deleted_total', HOST)})`, legend: 'deleted' },
            { expr: `sum(${rate('procwarden_files_moved_total', HOST)})`, legend: 'moved' },
            { expr: `sum(${rate('procwarden_files_ignored_total', HOST)})`, legend: 'created under ignored names' },
          ],
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'Compared with others',
          description: 'New files per second that were compared with others, and those left out because they were too many or too large.',
          unit: 'suffix: files/s',
          queries: [
            { expr: `sum(${rate('procwarden_files_examined_total', HOST)})`, legend: 'compared' },
            { expr: `sum(${rate('procwarden_files_unexamined_total', HOST)})`, legend: 'left out' },
          ],
        }),
      },
    ],
  }
}

function watch(): Row {
  return {
    title: 'What was missed',
    height: 7,
    panels: [
      {
        width: 12,
        panel: timeSeries({
          title: 'Lost events',
          description:
            'Times the kernel dropped file events, and files that a rescan found and added afterwards. Counts since the exporter started.',
          unit: 'short',
          shape: 'steps',
          queries: [
            { expr: `sum(procwarden_file_watch_overflows_total{${HOST}})`, legend: 'overflows' },
            { expr: `sum(procwarden_file_watch_repaired_files_total{${HOST}})`, legend: 'found by a rescan' },
          ],
          styles: [['/^overflows$/', 'bad']],
        }),
      },
      {
        width: 12,
        panel: timeSeries({
          title: 'Folders and writers without a series',
          description: 'Times that a folder or a process was left without a series of its own by a cap; since the exporter started.',
          unit: 'short',
          shape: 'steps',
          queries: [{ expr: `sum by (family) (procwarden_series_dropped_total{${HOST}})`, legend: '{{family}}' }],
          noValue: 'no cap was reached',
        }),
      },
    ],
  }
}
