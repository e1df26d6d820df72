/** Owns the counters of every group. They only ever rise: what processes add is kept after they have ended. Never names a group. */
import { OTHER_GROUP } from '../lib/groups/group-name.ts'

/** Absent until a process of the group could be read for it. */
export interface CounterSet {
  userSeconds: number | undefined
  systemSeconds: number | undefined
  undividedSeconds: number | undefined
  minorFaults: number | undefined
  majorFaults: number | undefined
  voluntarySwitches: number | undefined
  involuntarySwitches: number | undefined
  readBytes: number | undefined
  writtenBytes: number | undefined
  readOperations: number | undefined
  writeOperations: number | undefined
}

/** What all processes of a group have in common; empty where they differ or it could not be read. */
export interface GroupInfo {
  readonly category: string
  readonly unit: string
  readonly container: string
  readonly user: string
}

export const EXIT_REASONS = ['success', 'error', 'signal', 'unknown'] as const
/** `unknown`: the end was noticed by a scan, or its event was lost. */
export type ExitReason = (typeof EXIT_REASONS)[number]

/** How often programs of the group began and ended. */
export interface LifeCounters {
  starts: number
  readonly exits: Record<ExitReason, number>
  /** By the signal's name. */
  readonly crashes: Map<string, number>
}

const COUNTER_NAMES = [
  'userSeconds',
  'systemSeconds',
  'undividedSeconds',
  'minorFaults',
  'majorFaults',
  'voluntarySwitches',
  'involuntarySwitches',
  'readBytes',
  'writtenBytes',
  'readOperations',
  'writeOperations',
] as const

export interface Group {
  readonly name: string
  readonly counters: CounterSet
  /** States that a process of the group has been seen in: they stay published, at 0 when none is. */
  readonly statesSeen: Set<string>
  /** Whether a process of the group was ever seen, and not only its files. */
  hadProcess: boolean
  filesCreated: number
  /** As of the last scan that found a process of it. */
  info: GroupInfo | undefined
  /** Whether processes have come to it or left it, or tell something else of themselves, since `info` was made. */
  hasChanged: boolean
  readonly life: LifeCounters
  /** Wall clock; for expiry. */
  lastActiveMs: number
}

export class GroupCounters {
  readonly #groups = new Map<string, Group>()

  /** The group of that name, or the one named "other" when there are `groupsMax` already. */
  group(name: string, groupsMax: number, nowMs: number): Group {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    return this.#groups.size < groupsMax ? this.#create(name, nowMs) : (this.#groups.get(OTHER_GROUP) ?? this.#create(OTHER_GROUP, nowMs))
  }

  /** A group that the configuration names is published at 0 processes too, and does not expire as long as this is called. */
  keep(name: string, nowMs: number): void {
    const group = this.group(name, Infinity, nowMs)
    group.hadProcess = true
    group.statesSeen.add('S')
    group.lastActiveMs = nowMs
  }

  values(): Iterable<Group> {
    return this.#groups.values()
  }

  /** Drops groups without a process that have not been active since. */
  expire(olderThanMs: number, alive: ReadonlySet<Group>): void {
    for (const [name, group] of this.#groups) {
      if (group.lastActiveMs < olderThanMs && !alive.has(group)) this.#groups.delete(name)
    }
  }

  #create(name: string, nowMs: number): Group {
    const group: Group = {
      name,
      counters: noCounters(),
      statesSeen: new Set(),
      hadProcess: false,
      filesCreated: 0,
      info: undefined,
      hasChanged: true,
      life: { starts: 0, exits: { success: 0, error: 0, signal: 0, unknown: 0 }, crashes: new Map() },
      lastActiveMs: nowMs,
    }
    this.#groups.set(name, group)
    return group
  }
}

/** Adds what a process has used since `before`; without a `before`, what it used before we looked is not the group's to claim: 0. */
export function addUse(counters: CounterSet, now: CounterSet, before: CounterSet | undefined): void {
  for (const name of COUNTER_NAMES) {
    const value = now[name]
    if (value === undefined) continue
    const used = before?.[name] === undefined ? 0 : Math.max(0, value - before[name])
    counters[name] = (counters[name] ?? 0) + used
  }
}

/** Adds use that was found later. */
export function creditUse(counters: CounterSet, use: Partial<Readonly<Record<keyof CounterSet, number>>>): void {
  for (const name of COUNTER_NAMES) {
    const used = use[name]
    if (used !== undefined && used > 0) counters[name] = (counters[name] ?? 0) + used
  }
}

/** For a process that began after our last look: all it has used, it used since. */
export const FRESH_PROCESS: CounterSet = {
  userSeconds: 0,
  systemSeconds: 0,
  undividedSeconds: 0,
  minorFaults: 0,
  majorFaults: 0,
  voluntarySwitches: 0,
  involuntarySwitches: 0,
  readBytes: 0,
  writtenBytes: 0,
  readOperations: 0,
  writeOperations: 0,
}

function noCounters(): CounterSet {
  return {
    userSeconds: undefined,
    systemSeconds: undefined,
    undividedSeconds: undefined,
    minorFaults: undefined,
    majorFaults: undefined,
    voluntarySwitches: undefined,
    involuntarySwitches: undefined,
    readBytes: undefined,
    writtenBytes: undefined,
    readOperations: undefined,
    writeOperations: undefined,
  }
}
