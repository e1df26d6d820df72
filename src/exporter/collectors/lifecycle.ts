/** Owns the series of starts, exits and crashes. Never follows a process itself. */
import type { Collector } from '../collector.ts'
import type { Exposition, Family } from '../exposition.ts'
import { EXIT_REASONS, type Group } from '../group-counters.ts'

export type LifecycleBackend = 'netlink' | 'scan'
/** Why this backend is in use; the value of the `reason` label. */
export type LifecycleReason = 'available' | 'denied' | 'unsupported'

export interface LifecycleCollectorOptions {
  readonly groups: () => Iterable<Group>
  readonly backend: LifecycleBackend
  readonly reason: LifecycleReason
  readonly lostEvents: () => number
  /** Brings in what has happened so far: events, or a scan where there are none. */
  readonly drain: () => void | Promise<void>
}

export const STARTS: Family = {
  name: 'procwarden_group_starts_total',
  type: 'counter',
  help: 'Programs of the group that began: processes, and processes of other groups that executed a program of this one.',
  labels: ['group'],
}
export const EXITS: Family = {
  name: 'procwarden_group_exits_total',
  type: 'counter',
  help: 'Processes of the group that ended: with code 0 (success), another code (error), by a signal, or unseen (unknown: found missing by a scan).',
  labels: ['group', 'reason'],
}
export const CRASHES: Family = {
  name: 'procwarden_group_crashes_total',
  type: 'counter',
  help: 'Processes of the group ended by a signal that means a fault: ILL, TRAP, ABRT, BUS, FPE, SEGV, XCPU, XFSZ, SYS.',
  labels: ['group', 'signal'],
}
export const BACKEND: Family = {
  name: 'procwarden_lifecycle_backend_info',
  type: 'gauge',
  help: 'Always 1; whether lives are told by the kernel (netlink: exact) or are differences between scans (scan), and why.',
  labels: ['backend', 'reason'],
}
export const LOST: Family = {
  name: 'procwarden_lifecycle_lost_events_total',
  type: 'counter',
  help: 'Process events, of threads too, that the kernel dropped because they were not read in time; a scan finds the processes concerned.',
  labels: [],
}
/** Published before the first of them. */
const USUAL_CRASHES = ['SIGABRT', 'SIGSEGV'] as const

/** A series is at 0 in the scrape that first shows it, so that `increase()` sees all that it counts. */
export function createLifecycleCollector(options: LifecycleCollectorOptions): Collector {
  const shown = new WeakMap<Group, Set<string>>()
  const once = (group: Group, key: string, value: number): number => {
    const keys = shown.get(group) ?? new Set()
    shown.set(group, keys)
    if (keys.has(key)) return value
    keys.add(key)
    return 0
  }
  return {
    name: 'lifecycle',
    collect: async (out: Exposition) => {
      await options.drain()
      const groups = [...options.groups()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
      const reasons = options.backend === 'scan' ? (['unknown'] as const) : EXIT_REASONS
      out.family(
        STARTS,
        groups.map((group) => [[group.name], once(group, 'starts', group.life.starts)]),
      )
      out.family(
        EXITS,
        groups.flatMap((group) => reasons.map((reason) => [[group.name, reason], once(group, reason, group.life.exits[reason])] as const)),
      )
      if (options.backend === 'netlink') {
        out.family(
          CRASHES,
          groups.flatMap((group) => crashesOf(group).map(([signal, count]) => [[group.name, signal], once(group, signal, count)] as const)),
        )
        out.family(LOST, [[[], options.lostEvents()]])
      }
      out.family(BACKEND, [[[options.backend, options.reason], 1]])
    },
  }
}

function crashesOf({ life }: Group): Array<readonly [signal: string, count: number]> {
  const signals = new Set<string>([...USUAL_CRASHES, ...life.crashes.keys()])
  return [...signals].toSorted().map((signal) => [signal, life.crashes.get(signal) ?? 0])
}
