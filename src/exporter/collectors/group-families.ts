/** Owns the metric families of groups: their names, which are a contract, and how they are written from the table. */
import type { Exposition, Family } from '../exposition.ts'
import type { CounterSet, Group, GroupInfo } from '../group-counters.ts'
import type { ProcessTable } from '../process-table.ts'
import type { TrackedProcess } from '../tracked-process.ts'
import { COUNTERS, GROUP, LEVELS, family, type LevelFamilies } from './process-figures.ts'

export const PROCESSES = family('group_processes', 'gauge', ['group', 'state'], 'Processes of the group by state.')
export const CPU = family(
  'group_cpu_seconds_total',
  'counter',
  ['group', 'mode'],
  'CPU time used by processes of the group, and by their children that lived and died between two scans.',
)
export const FAULTS = family(
  'group_page_faults_total',
  'counter',
  ['group', 'kind'],
  'Page faults of processes of the group, and of their children that lived and died between two scans; major ones read from storage.',
)
export const SWITCHES = family(
  'group_context_switches_total',
  'counter',
  ['group', 'kind'],
  'Context switches of the main threads of the processes of the group. Read every 24th scan.',
)
export const FILES = family(
  'group_files_created_total',
  'counter',
  GROUP,
  'Files created below the watched folders by processes of the group; "unknown" for those that had ended before they could be named.',
)
export const OLDEST = family('group_oldest_start_time_seconds', 'gauge', GROUP, 'When the oldest living process of the group started.')
export const INFO = family(
  'group_info',
  'gauge',
  ['group', 'category', 'unit', 'container', 'user'],
  'Always 1; what the processes of the group have in common: their systemd unit, container and real user, empty where they differ.',
)

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

export interface GroupLabels {
  readonly userName: (uid: number) => string
  /** The category of a group, judged by one of its processes. */
  readonly categoryOf: (process: TrackedProcess) => string
  /** Of a group of which no process was ever scanned: a program may do all its work between two scans. */
  readonly categoryOfName: (group: string) => string
}

type WriteSample = (labelValues: readonly string[], value: number | undefined) => void

/** Every group, also those whose processes have all ended; a group known for its files alone has only those. */
export function writeGroups(out: Exposition, table: ProcessTable, processes: readonly TrackedProcess[], labels: GroupLabels): void {
  const groups = [...table.groups.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const withProcesses = groups.filter((group) => group.hadProcess)
  const members = Map.groupBy(processes, ({ group }) => group)
  const labelsOf = new Map(groups.map((group) => [group, [group.name]]))
  const each = (target: Family, of: readonly Group[], figure: (group: Group) => number | undefined): void =>
    out.write(target, (sample) => {
      for (const group of of) sample(labelsOf.get(group) ?? [], figure(group))
    })
  out.family(PROCESSES, groupStates(withProcesses, processes))
  for (const level of LEVELS) each(level.ofGroup, withProcesses, (group) => combined(members.get(group) ?? [], level))
  out.write(CPU, (sample) => {
    for (const { name, counters } of groups) writeCpu(sample, [name], counters)
  })
  out.write(FAULTS, (sample) => {
    for (const { name, counters } of groups) {
      sample([name, 'minor'], counters.minorFaults)
      sample([name, 'major'], counters.majorFaults)
    }
  })
  out.write(SWITCHES, (sample) => {
    for (const { name, counters } of groups) {
      sample([name, 'voluntary'], counters.voluntarySwitches)
      sample([name, 'involuntary'], counters.involuntarySwitches)
    }
  })
  for (const { ofGroup, counter } of COUNTERS) each(ofGroup, groups, ({ counters }) => counters[counter])
  each(OLDEST, withProcesses, (group) => oldestStart(members.get(group) ?? []))
  for (const [group, ofGroup] of members) {
    if (!group.hasChanged) continue
    group.info = infoOf(ofGroup, labels)
    group.hasChanged = false
  }
  for (const group of groups) {
    if (group.info !== undefined || group.filesCreated === 0) continue
    const category = labels.categoryOfName(group.name)
    if (category !== '') group.info = { category, unit: '', container: '', user: '' }
  }
  out.write(INFO, (sample) => {
    for (const { name, info } of groups) {
      if (info !== undefined) sample([name, info.category, info.unit, info.container, info.user], 1)
    }
  })
  if (table.attributesFiles) each(FILES, groups, ({ filesCreated }) => filesCreated)
}

export function writeCpu(sample: WriteSample, labels: readonly string[], counters: CounterSet): void {
  sample([...labels, 'user'], counters.userSeconds)
  sample([...labels, 'system'], counters.systemSeconds)
  if (counters.undividedSeconds !== undefined) sample([...labels, 'undivided'], counters.undividedSeconds)
}

type Sample = readonly [labelValues: readonly string[], value: number]

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
function combined(processes: readonly TrackedProcess[], { figure, combine }: LevelFamilies): number | undefined {
  if (processes.length === 0) return 0
  let all: number | undefined
  for (const process of processes) {
    const value = figure(process)
    if (value !== undefined) all = all === undefined ? value : combine === 'sum' ? all + value : Math.max(all, value)
  }
  return all
}

function oldestStart(processes: readonly TrackedProcess[]): number | undefined {
  let oldest: number | undefined
  for (const { sample } of processes) {
    if (sample !== undefined && (oldest === undefined || sample.startTimeSeconds < oldest)) oldest = sample.startTimeSeconds
  }
  return oldest
}

function infoOf(processes: readonly TrackedProcess[], labels: GroupLabels): GroupInfo | undefined {
  const [first] = processes
  if (first === undefined) return undefined
  const common = <Value>(value: (process: TrackedProcess) => Value): Value | undefined => {
    const wanted = value(first)
    return processes.every((process) => value(process) === wanted) ? wanted : undefined
  }
  const uid = common(({ details }) => details.uid)
  return {
    category: labels.categoryOf(first),
    unit: common(({ details }) => details.unit) ?? '',
    container: common(({ details }) => details.container) ?? '',
    user: uid === undefined ? '' : labels.userName(uid),
  }
}
