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
  const totals = totalsOf(groups, processes)
  const withProcesses = groups.filter((group) => group.hadProcess)
  const labelsOf = new Map(groups.map((group) => [group, [group.name]]))
  const each = (target: Family, of: readonly Group[], figure: (group: Group) => number | undefined): void =>
    out.write(target, (sample) => {
      for (const group of of) sample(labelsOf.get(group) ?? [], figure(group))
    })
  out.write(PROCESSES, (sample) => {
    for (const group of withProcesses) for (const [state, count] of totals.get(group)?.states ?? []) sample([group.name, state], count)
  })
  for (const [index, { ofGroup }] of LEVELS.entries()) each(ofGroup, withProcesses, (group) => levelOf(totals.get(group), index))
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
  each(OLDEST, withProcesses, (group) => totals.get(group)?.oldestSeconds)
  refreshInfo(groups, processes, labels)
  out.write(INFO, (sample) => {
    for (const { name, info } of groups) {
      if (info !== undefined) sample([name, info.category, info.unit, info.container, info.user], 1)
    }
  })
  if (table.attributesFiles) each(FILES, groups, ({ filesCreated }) => filesCreated)
}

function refreshInfo(groups: readonly Group[], processes: readonly TrackedProcess[], labels: GroupLabels): void {
  const changed = Map.groupBy(
    processes.filter(({ group }) => group.hasChanged),
    ({ group }) => group,
  )
  for (const [group, members] of changed) {
    group.info = infoOf(members, labels)
    group.hasChanged = false
  }
  for (const group of groups) {
    if (group.info !== undefined || group.filesCreated === 0) continue
    const category = labels.categoryOfName(group.name)
    if (category !== '') group.info = { category, unit: '', container: '', user: '' }
  }
}

export function writeCpu(sample: WriteSample, labels: readonly string[], counters: CounterSet): void {
  sample([...labels, 'user'], counters.userSeconds)
  sample([...labels, 'system'], counters.systemSeconds)
  if (counters.undividedSeconds !== undefined) sample([...labels, 'undivided'], counters.undividedSeconds)
}

/** What the living processes of a group come to. */
interface Totals {
  processes: number
  oldestSeconds: number | undefined
  /** By the word for it: every state that a process of the group was ever seen in. */
  readonly states: Map<string, number>
  /** In the order of LEVELS; undefined where no process could be read for it. */
  readonly levels: Array<number | undefined>
}

/** In one pass for all figures: each further one would fetch thousands of objects into the processor's caches again. */
function totalsOf(groups: readonly Group[], processes: readonly TrackedProcess[]): ReadonlyMap<Group, Totals> {
  const totals = new Map(groups.map((group) => [group, noTotals(group)]))
  for (const process of processes) {
    const { sample } = process
    const total = totals.get(process.group)
    if (total === undefined || sample === undefined) continue
    total.processes++
    total.oldestSeconds = Math.min(total.oldestSeconds ?? Infinity, sample.startTimeSeconds)
    const state = stateName(sample.state)
    total.states.set(state, (total.states.get(state) ?? 0) + 1)
    addLevels(total, process)
  }
  return totals
}

/** By index: thousands of times six pairs would be garbage. */
function addLevels({ levels }: Totals, process: TrackedProcess): void {
  for (let index = 0; index < LEVELS.length; index++) {
    const level = LEVELS[index]
    if (level !== undefined) levels[index] = combined(levels[index], level.figure(process), level)
  }
}

function noTotals({ statesSeen }: Group): Totals {
  const states = new Map([...statesSeen].map((letter) => [stateName(letter), 0]))
  return { processes: 0, oldestSeconds: undefined, states, levels: LEVELS.map(() => undefined) }
}

function stateName(letter: string): string {
  return STATES[letter] ?? 'other'
}

function combined(before: number | undefined, value: number | undefined, { combine }: LevelFamilies): number | undefined {
  if (before === undefined || value === undefined) return value ?? before
  return combine === 'sum' ? before + value : Math.max(before, value)
}

/** 0 for a group without processes; absent where there are processes and none could be read. */
function levelOf(total: Totals | undefined, index: number): number | undefined {
  return total?.processes === 0 ? 0 : total?.levels[index]
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
