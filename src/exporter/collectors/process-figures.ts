/** Owns the figures of a process that are published, and the families they are published in. */
import type { Family } from '../exposition.ts'
import type { CounterSet } from '../group-counters.ts'
import type { TrackedProcess } from '../tracked-process.ts'

type Figure = (process: TrackedProcess) => number | undefined

export const GROUP = ['group'] as const
export const PROCESS = ['group', 'pid'] as const

export function family(suffix: string, type: 'counter' | 'gauge', labels: readonly string[], help: string): Family {
  return { name: `procwarden_${suffix}`, type, labels, help }
}

export interface LevelFamilies {
  readonly figure: Figure
  readonly ofGroup: Family
  readonly ofProcess: Family
  /** How the figures of a group's processes become the group's. */
  readonly combine: 'sum' | 'max'
}

/** Figures of the moment. */
export const LEVELS: readonly LevelFamilies[] = [
  level('threads', ({ sample }) => sample?.threads, 'Threads of all processes of the group.', 'Threads of the process.'),
  level(
    'resident_memory_bytes',
    ({ sample }) => sample?.residentBytes,
    'Memory in RAM, summed over processes: shared pages count once for each.',
    'Memory in RAM, shared pages included.',
  ),
  level('virtual_memory_bytes', ({ sample }) => sample?.virtualBytes, 'Address space, summed over processes.', 'Address space.'),
  level(
    'swap_bytes',
    ({ slow }) => slow.swapBytes,
    'Memory swapped out, of all processes of the group; absent on a machine without swap. Read every 24th scan.',
    'Memory swapped out; absent on a machine without swap. Read every 24th scan.',
  ),
  level(
    'open_fds',
    ({ sample }) => sample?.openFds,
    'Open file descriptors of all processes of the group.',
    'Open file descriptors of the process.',
  ),
  level(
    'fd_limit_ratio',
    fdLimitRatio,
    'Open file descriptors as a share of the soft limit (0 to 1), of the process of the group that is nearest to its limit.',
    'Open file descriptors as a share of the soft limit (0 to 1). The limit is read every 24th scan, every 96th of a process that sleeps.',
    'max',
  ),
]

export interface CounterFamilies {
  readonly counter: keyof CounterSet
  readonly ofGroup: Family
  readonly ofProcess: Family
}

/** Figures that only rise. */
export const COUNTERS: readonly CounterFamilies[] = [
  counter('readBytes', 'read_bytes_total', 'Bytes read from storage.'),
  counter('writtenBytes', 'written_bytes_total', 'Bytes written to storage.'),
  counter('readOperations', 'read_operations_total', 'System calls that read, from files, sockets and pipes alike.'),
  counter('writeOperations', 'write_operations_total', 'System calls that write, to files, sockets and pipes alike.'),
]

function level(suffix: string, figure: Figure, groupHelp: string, processHelp: string, combine: 'sum' | 'max' = 'sum'): LevelFamilies {
  return {
    figure,
    combine,
    ofGroup: family(`group_${suffix}`, 'gauge', GROUP, groupHelp),
    ofProcess: family(`process_${suffix}`, 'gauge', PROCESS, processHelp),
  }
}

function counter(name: keyof CounterSet, suffix: string, help: string): CounterFamilies {
  return {
    counter: name,
    ofGroup: family(`group_${suffix}`, 'counter', GROUP, help),
    ofProcess: family(`process_${suffix}`, 'counter', PROCESS, help),
  }
}

/** Without a limit, or with one of 0, there is no share of it. */
function fdLimitRatio({ sample, slow }: TrackedProcess): number | undefined {
  const { openFdsMax } = slow
  if (sample?.openFds === undefined || openFdsMax === undefined || openFdsMax === 0 || openFdsMax === Infinity) return undefined
  return sample.openFds / openFdsMax
}
