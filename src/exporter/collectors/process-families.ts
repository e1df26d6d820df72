/** Owns the metric families of processes: their names, which are a contract, and how they are written. */
import type { Exposition, Family } from '../exposition.ts'
import type { CounterSet } from '../group-counters.ts'
import { countersOf, type TrackedProcess } from '../process-table.ts'
import { printable } from '../../lib/log.ts'
import type { ProcessSample } from '../sources/process-source.ts'
import { cpuSamples, present, type Sample } from './group-families.ts'
import { COUNTERS, LEVELS, PROCESS, family } from './process-figures.ts'

export const CPU = family('process_cpu_seconds_total', 'counter', ['group', 'pid', 'mode'], 'CPU time used by the process.')
export const FILES = family('process_files_created_total', 'counter', PROCESS, 'Files created below the watched folders by the process.')
export const START = family('process_start_time_seconds', 'gauge', PROCESS, 'When the process started, since the Unix epoch.')
export const DESCENDANTS = family('process_descendants', 'gauge', PROCESS, 'Living children of the process, with theirs, down to the last.')
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

/** The chosen ones of `all` processes, each with the figures that could be read. */
export function writeProcesses(
  out: Exposition,
  chosen: readonly TrackedProcess[],
  all: readonly TrackedProcess[],
  options: ProcessLabels,
): void {
  const rows = chosen.flatMap(rowOf)
  const descendants = countDescendants(all)
  const each = (target: Family, samples: (row: Row) => readonly Sample[]): void => out.family(target, rows.flatMap(samples))
  each(CPU, ({ labels, counters }) => cpuSamples(labels, counters))
  for (const { ofProcess, figure } of LEVELS) each(ofProcess, ({ labels, process }) => present(labels, figure(process)))
  for (const { ofProcess, counter } of COUNTERS) each(ofProcess, ({ labels, counters }) => present(labels, counters[counter]))
  each(START, ({ labels, sample }) => [[labels, sample.startTimeSeconds]])
  each(DESCENDANTS, ({ labels, process }) => [[labels, descendants.get(process.pid) ?? 0]])
  each(INFO, ({ labels, process }) => [[[...labels, printable(process.comm), userOf(process, options), process.details.unit ?? ''], 1]])
  if (options.attributesFiles) each(FILES, ({ labels, process }) => [[labels, process.filesCreated]])
}

/**
 * By pid. Leaves hand their number to their parents, and a parent is a leaf when all of its children have. A scan is no single
 * moment, so parents may seem to form a circle: nobody in it is a leaf, and it counts only what hangs off it.
 */
export function countDescendants(processes: readonly TrackedProcess[]): Map<number, number> {
  const index = new Map<number, number>()
  for (const [at, { pid }] of processes.entries()) index.set(pid, at)
  const parents = Int32Array.from(processes, ({ sample }) => (sample === undefined ? -1 : (index.get(sample.ppid) ?? -1)))
  const waitingFor = new Int32Array(processes.length)
  for (const parent of parents) if (parent >= 0) waitingFor[parent] = (waitingFor[parent] ?? 0) + 1
  const below = new Int32Array(processes.length)
  const counts = new Map<number, number>()
  for (const start of processes.keys()) {
    let at = start
    while (at >= 0 && waitingFor[at] === 0) {
      waitingFor[at] = -1
      const parent = parents[at] ?? -1
      if (parent < 0) break
      below[parent] = (below[parent] ?? 0) + (below[at] ?? 0) + 1
      waitingFor[parent] = (waitingFor[parent] ?? 0) - 1
      at = parent
    }
  }
  for (const [at, { pid }] of processes.entries()) if ((below[at] ?? 0) > 0) counts.set(pid, below[at] ?? 0)
  return counts
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
