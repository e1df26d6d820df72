/** Owns the metric families of groups and processes: their names, which are a contract, and how they are written from the table. */
import type { Exposition, Family } from '../exposition.ts'
import type { CounterSet, Group } from '../group-counters.ts'
import { countersOf, type ProcessTable, type TrackedProcess } from '../process-table.ts'
import { printable } from '../../lib/log.ts'
import type { ProcessSample } from '../sources/process-source.ts'

type Figure = (sample: ProcessSample) => number | undefined

const GROUP = ['group'] as const
const PROCESS = ['group', 'pid'] as const

const GROUP_PROCESSES = family('group_processes', 'gauge', ['group', 'state'], 'Processes of the group by state.')
const GROUP_CPU = family('group_cpu_seconds_total', 'counter', ['group', 'mode'], 'CPU time used by processes of the group.')
const GROUP_FILES = family(
  'group_files_created_total',
  'counter',
  GROUP,
  'Files created below the watched folders by processes of the group; "unknown" for those that had ended before they could be named.',
)
const PROCESS_CPU = family('process_cpu_seconds_total', 'counter', ['group', 'pid', 'mode'], 'CPU time used by the process.')
const PROCESS_FILES = family('process_files_created_total', 'counter', PROCESS, 'Files created below the watched folders by the process.')
const PROCESS_START = family('process_start_time_seconds', 'gauge', PROCESS, 'When the process started, since the Unix epoch.')
const PROCESS_INFO = family(
  'process_info',
  'gauge',
  ['group', 'pid', 'comm', 'user'],
  'Always 1; the name that the kernel knows the process by, and its real user.',
)
export const PROCESSES_UNREADABLE = family(
  'processes_unreadable',
  'gauge',
  ['source'],
  'Processes whose figures from this file of /proc/PID may not be read; they are absent and not 0.',
)

/** Figures of the moment, with the families they are published in. */
const LEVELS: ReadonlyArray<{ readonly figure: Figure; readonly ofGroup: Family; readonly ofProcess?: Family }> = [
  {
    figure: (sample) => sample.threads,
    ofGroup: family('group_threads', 'gauge', GROUP, 'Threads of all processes of the group.'),
    ofProcess: family('process_threads', 'gauge', PROCESS, 'Threads of the process.'),
  },
  {
    figure: (sample) => sample.residentBytes,
    ofGroup: family(
      'group_resident_memory_bytes',
      'gauge',
      GROUP,
      'Memory in RAM, summed over processes: shared pages count once for each.',
    ),
    ofProcess: family('process_resident_memory_bytes', 'gauge', PROCESS, 'Memory in RAM, shared pages included.'),
  },
  {
    figure: (sample) => sample.virtualBytes,
    ofGroup: family('group_virtual_memory_bytes', 'gauge', GROUP, 'Address space, summed over processes.'),
  },
  {
    figure: (sample) => sample.openFds,
    ofGroup: family('group_open_fds', 'gauge', GROUP, 'Open file descriptors of all processes of the group.'),
    ofProcess: family('process_open_fds', 'gauge', PROCESS, 'Open file descriptors of the process.'),
  },
]

/** Figures that only rise. */
const COUNTERS: ReadonlyArray<{ readonly counter: keyof CounterSet; readonly ofGroup: Family; readonly ofProcess: Family }> = [
  ioFamilies('readBytes', 'read_bytes_total', 'Bytes read from storage.'),
  ioFamilies('writtenBytes', 'written_bytes_total', 'Bytes written to storage.'),
  ioFamilies('readOperations', 'read_operations_total', 'System calls that read, from files, sockets and pipes alike.'),
  ioFamilies('writeOperations', 'write_operations_total', 'System calls that write, to files, sockets and pipes alike.'),
]

/** The letters of proc_pid_stat(5) in words. */
const STATES: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'blocked',
  Z: 'zombie',
  T: 'stopped',
  t: 'stopped',
  I: 'idle',
  X: 'dead',
  x: 'dead',
}

/** Every group, also those whose processes have all ended; a group known for its files alone has only those. */
export function writeGroups(out: Exposition, table: ProcessTable, processes: readonly TrackedProcess[]): void {
  const groups = [...table.groups.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const withProcesses = groups.filter((group) => group.hadProcess)
  const each = (samples: (group: Group) => readonly Sample[]): Sample[] => groups.flatMap(samples)
  out.family(GROUP_PROCESSES, groupStates(withProcesses, processes))
  for (const { ofGroup, figure } of LEVELS) {
    const sums = sumByGroup(withProcesses, processes, figure)
    out.family(
      ofGroup,
      withProcesses.flatMap((group) => present([group.name], sums.get(group))),
    )
  }
  out.family(
    GROUP_CPU,
    each((group) => cpuSamples([group.name], group.counters)),
  )
  for (const { ofGroup, counter } of COUNTERS) {
    out.family(
      ofGroup,
      each((group) => present([group.name], group.counters[counter])),
    )
  }
  if (!table.attributesFiles) return
  out.family(
    GROUP_FILES,
    each((group) => [[[group.name], group.filesCreated]]),
  )
}

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

/** The chosen processes, each with the figures that could be read. */
export function writeProcesses(out: Exposition, chosen: readonly TrackedProcess[], options: ProcessLabels): void {
  const rows = chosen.flatMap(rowOf)
  const each = (target: Family, samples: (row: Row) => readonly Sample[]): void => out.family(target, rows.flatMap(samples))
  each(PROCESS_CPU, ({ labels, counters }) => cpuSamples(labels, counters))
  for (const { ofProcess, figure } of LEVELS) if (ofProcess) each(ofProcess, ({ labels, sample }) => present(labels, figure(sample)))
  for (const { ofProcess, counter } of COUNTERS) each(ofProcess, ({ labels, counters }) => present(labels, counters[counter]))
  each(PROCESS_START, ({ labels, sample }) => [[labels, sample.startTimeSeconds]])
  each(PROCESS_INFO, ({ labels, process }) => [[[...labels, printable(process.comm), userOf(process, options)], 1]])
  if (options.attributesFiles) each(PROCESS_FILES, ({ labels, process }) => [[labels, process.filesCreated]])
}

function rowOf(process: TrackedProcess): Row[] {
  const { sample } = process
  return sample === undefined ? [] : [{ process, sample, counters: countersOf(sample), labels: [process.group.name, String(process.pid)] }]
}

function family(suffix: string, type: Family['type'], labels: readonly string[], help: string): Family {
  return { name: `procwarden_${suffix}`, type, labels, help }
}

function ioFamilies(counter: keyof CounterSet, suffix: string, help: string): (typeof COUNTERS)[number] {
  return {
    counter,
    ofGroup: family(`group_${suffix}`, 'counter', GROUP, help),
    ofProcess: family(`process_${suffix}`, 'counter', PROCESS, help),
  }
}

type Sample = readonly [labelValues: readonly string[], value: number]

function present(labels: readonly string[], value: number | undefined): Sample[] {
  return value === undefined ? [] : [[labels, value]]
}

function cpuSamples(labels: readonly string[], counters: CounterSet): Sample[] {
  return [...present([...labels, 'user'], counters.userSeconds), ...present([...labels, 'system'], counters.systemSeconds)]
}

function userOf(process: TrackedProcess, labels: ProcessLabels): string {
  const { uid } = process.details
  return uid === undefined ? '' : labels.userName(uid)
}

function groupStates(groups: readonly Group[], processes: readonly TrackedProcess[]): Sample[] {
  const counts = new Map<Group, Map<string, number>>()
  for (const group of groups) counts.set(group, new Map([...group.statesSeen].map((letter) => [stateName(letter), 0])))
  for (const { group, sample } of processes) {
    const states = counts.get(group)
    if (states === undefined || sample === undefined) continue
    const name = stateName(sample.state)
    states.set(name, (states.get(name) ?? 0) + 1)
  }
  return [...counts].flatMap(([group, states]) => [...states].map(([state, count]): Sample => [[group.name, state], count]))
}

function stateName(letter: string): string {
  return STATES[letter] ?? 'other'
}

/** 0 for a group without processes; absent where there are processes and none could be read. */
function sumByGroup(groups: readonly Group[], processes: readonly TrackedProcess[], figure: Figure): Map<Group, number> {
  const sums = new Map<Group, number>()
  const unread = new Set<Group>()
  for (const { group, sample } of processes) {
    const value = sample === undefined ? undefined : figure(sample)
    if (value === undefined) unread.add(group)
    else sums.set(group, (sums.get(group) ?? 0) + value)
  }
  for (const group of groups) if (!sums.has(group) && !unread.has(group)) sums.set(group, 0)
  return sums
}
