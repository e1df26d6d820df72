/** Owns the metric families of processes: their names, which are a contract, and how they are written. */
import type { Exposition, Family } from '../exposition.ts'
import type { CounterSet } from '../group-counters.ts'
import { countersOf, type TrackedProcess } from '../tracked-process.ts'
import { printable } from '../../lib/log.ts'
import type { ProcessSample } from '../sources/process-source.ts'
import { writeCpu } from './group-families.ts'
import { COUNTERS, LEVELS, PROCESS, family } from './process-figures.ts'

export const CPU = family('process_cpu_seconds_total', 'counter', ['group', 'pid', 'mode'], 'CPU time used by the process.')
export const FILES = family('process_files_created_total', 'counter', PROCESS, 'Files created below the watched folders by the process.')
export const FILES_DELETED = family(
  'process_files_deleted_total',
  'counter',
  PROCESS,
  'Files deleted below the watched folders by the process; absent until it has created or deleted one, like the next two.',
)
export const FILES_EXAMINED = family(
  'process_files_examined_total',
  'counter',
  PROCESS,
  'New files of the process that were compared with other new ones, as far as the budget for that reaches.',
)
export const FILES_DUPLICATES = family(
  'process_files_duplicates_total',
  'counter',
  PROCESS,
  'New files of the process that have the same content as one that it made before; of those that were examined.',
)
export const START = family('process_start_time_seconds', 'gauge', PROCESS, 'When the process started, since the Unix epoch.')
export const DESCENDANTS = family('process_descendants', 'gauge', PROCESS, 'Living children of the process, with theirs, down to the last.')
export const BROOD = family(
  'process_brood',
  'gauge',
  PROCESS,
  'Descendants that are the doing of the process: without those below its one child of another program that has most of them.',
)
export const INFO = family(
  'process_info',
  'gauge',
  ['group', 'pid', 'comm', 'user', 'unit'],
  'Always 1; the name that the kernel knows the process by, its real user and its systemd unit.',
)
export const PROCESSES_UNREADABLE = family(
  'processes_unreadable',
  'gauge',
  ['source'],
  'Processes whose figures from this file of /proc/PID may not be read; they are absent and not 0.',
)

export interface ProcessLabels {
  readonly attributesFiles: boolean
  readonly userName: (uid: number) => string
}

interface Row {
  readonly process: TrackedProcess
  readonly sample: ProcessSample
  readonly counters: CounterSet
  readonly labels: readonly string[]
}

/** The chosen processes, each with the figures that could be read. Their descendants are counted already. */
export function writeProcesses(out: Exposition, chosen: readonly TrackedProcess[], options: ProcessLabels): void {
  const rows = chosen.flatMap(rowOf)
  const each = (target: Family, figure: (row: Row) => number | undefined): void =>
    out.write(target, (sample) => {
      for (const row of rows) sample(row.labels, figure(row))
    })
  out.write(CPU, (sample) => {
    for (const { labels, counters } of rows) writeCpu(sample, labels, counters)
  })
  for (const { ofProcess, figure } of LEVELS) each(ofProcess, ({ process }) => figure(process))
  for (const { ofProcess, counter } of COUNTERS) each(ofProcess, ({ counters }) => counters[counter])
  each(START, ({ sample }) => sample.startTimeSeconds)
  each(DESCENDANTS, ({ process }) => process.descendants)
  each(BROOD, ({ process }) => process.brood)
  out.write(INFO, (sample) => {
    for (const { labels, process } of rows) {
      sample([...labels, printable(process.comm), userOf(process, options), process.details.unit ?? ''], 1)
    }
  })
  if (!options.attributesFiles) return
  each(FILES, ({ process }) => process.filesCreated)
  each(FILES_DELETED, ({ process }) => ofWriter(process, process.filesDeleted))
  each(FILES_EXAMINED, ({ process }) => ofWriter(process, process.filesExamined))
  each(FILES_DUPLICATES, ({ process }) => ofWriter(process, process.filesDuplicated))
}

/** Most processes never create a file: three series for each of them would tell nothing. */
function ofWriter({ filesCreated, filesDeleted }: TrackedProcess, figure: number): number | undefined {
  return filesCreated + filesDeleted === 0 ? undefined : figure
}

function rowOf(process: TrackedProcess): Row[] {
  const { sample, slow } = process
  if (sample === undefined) return []
  return [{ process, sample, counters: countersOf(sample, slow), labels: [process.group.name, String(process.pid)] }]
}

function userOf(process: TrackedProcess, labels: ProcessLabels): string {
  const { uid } = process.details
  return uid === undefined ? '' : labels.userName(uid)
}
