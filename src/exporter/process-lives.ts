/**
 * Owns the lives of processes: what began, what ended and how, by group, from the kernel's events or from differences
 * between scans; and for a short while the group of those that have ended. Never reads a socket.
 */
import os from 'node:os'
import { isInterpreter } from '../lib/groups/interpreter.ts'
import type { ProcEvent } from '../lib/linux/proc-events.ts'
import type { KnownLife } from './file-credit.ts'
import type { ExitReason, Group } from './group-counters.ts'
import type { LifeFollower, ProcessTable, TrackedProcess } from './process-table.ts'
import type { ExecutedNames } from './sources/executed-names.ts'
import type { LifecycleSink } from './sources/lifecycle-source.ts'

export interface ProcessLivesOptions {
  readonly table: ProcessTable
  readonly clock: { nowMs(): number }
  readonly names: Pick<ExecutedNames, 'drain' | 'of' | 'forget'>
}

/** A process that events have told of and that has not ended. */
interface Life {
  group: Group | undefined
  /** The programs it has executed, as far as events told. */
  execs: number
  comm: string | undefined
  /** Whether its start is in the counters (or lies before our time). */
  counted: boolean
  readonly bornMs: number
  /** 0 where no event has told. */
  readonly parentPid: number
}

interface Ending {
  readonly life: Life | undefined
  readonly event: Extract<ProcEvent, { readonly kind: 'exit' }>
}

/** Between fork and exec lies less than this; a fork that has not executed anything by then is a process of its own. */
const FORK_SETTLES_MS = 200
const ENDED_MAX = 65_536
const ENDED_AGE_MS_MAX = 60_000

/**
 * The signals that count as crashes: those that mean a fault in the program, i.e. whose default action is to dump core
 * (signal(7)), without SIGQUIT, which a person sends. HUP, INT, TERM and PIPE are orderly ends by the rule of systemd
 * (systemd.service(5), "clean" signals), and KILL is somebody's decision; all of them are in the exits by signal.
 */
const CRASH_SIGNALS: ReadonlySet<string> = new Set([
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGSYS',
])

export class ProcessLives implements LifecycleSink, LifeFollower {
  readonly #options: ProcessLivesOptions
  readonly #lives = new Map<number, Life>()
  readonly #unsettled = new Set<Life>()
  /** In the order of their ends. */
  readonly #ended = new Map<number, { readonly group: Group; readonly endedMs: number; readonly life: Life | undefined }>()
  #drain: (() => void) | undefined
  #lostEvents = 0
  #needsRepair = false

  constructor(options: ProcessLivesOptions) {
    this.#options = options
  }

  /** Events that the kernel could not deliver. */
  get lostEvents(): number {
    return this.#lostEvents
  }

  /** Events come from now on, and `drain` brings those that have happened; without it, scans are compared. */
  followEvents(drain: () => void): void {
    this.#drain = drain
  }

  lost(count: number): void {
    this.#lostEvents += count
    this.#needsRepair = true
  }

  take(events: readonly ProcEvent[]): void {
    const { names } = this.#options
    names.drain()
    const lastOf = new Map<number, number>()
    for (const [index, event] of events.entries()) if (event.kind === 'exec' || event.kind === 'exit') lastOf.set(event.pid, index)
    const endings = new Map<number, Ending>()
    for (const [index, event] of events.entries()) {
      if (event.kind === 'fork') this.#forked(event.pid, event.parentPid, endings)
      else if (event.kind === 'exec') this.#executed(event.pid, lastOf.get(event.pid) === index, endings)
      else if (event.kind === 'comm') this.#named(event.pid, event.comm)
      else this.#exited(event, endings)
    }
    for (const ending of endings.values()) this.#conclude(ending)
    this.#settle()
  }

  endedGroup(pid: number): Group | undefined {
    const known = this.#ended.get(pid)
    if (known !== undefined) return known.group
    this.#drain?.()
    return this.#ended.get(pid)?.group
  }

  /** What events told of a process that lives, or ended a short while ago; undefined when it is older than our listening. */
  lifeOf(pid: number): KnownLife | undefined {
    const ended = this.#lives.has(pid) ? undefined : this.#ended.get(pid)
    const life = this.#lives.get(pid) ?? ended?.life
    if (life === undefined || life.parentPid === 0) return undefined
    const { parentPid, bornMs, execs } = life
    return { parentPid, bornMs, execs, endedMs: ended?.endedMs, group: (ended?.group ?? life.group)?.name }
  }

  /** Takes in what has happened so far. */
  refresh(): void {
    this.#drain?.()
  }

  /** Without events the two lists are all that is known; with them they repair what a loss has torn. */
  scanned(born: readonly TrackedProcess[], ended: readonly TrackedProcess[], startedMs: number): void {
    if (this.#drain === undefined) {
      for (const { group } of born) this.#start(group)
      for (const { group } of ended) this.#end(group, 'unknown')
      return
    }
    this.#drain()
    if (!this.#needsRepair) return
    this.#needsRepair = false
    for (const process of born) {
      if (this.#lives.has(process.pid) || this.#ended.has(process.pid)) continue
      this.#start(process.group)
      this.#lives.set(process.pid, { group: process.group, execs: 0, comm: undefined, counted: true, bornMs: startedMs, parentPid: 0 })
    }
    const alive = new Set<number>()
    for (const { pid } of this.#options.table.processes()) alive.add(pid)
    for (const [pid, life] of this.#lives) {
      if (alive.has(pid) || life.bornMs >= startedMs) continue
      this.#bury(pid, life, 'unknown')
    }
    for (const { pid, group } of ended) if (!this.#ended.has(pid)) this.#end(group, 'unknown')
  }

  /** After new matchers: the groups of the living are asked for again when they are needed. */
  renamed(): void {
    for (const [pid, life] of this.#lives) if (life.counted) life.group = this.#options.table.knownGroup(pid) ?? life.group
  }

  #forked(pid: number, parentPid: number, endings: Map<number, Ending>): void {
    this.#conclude(endings.get(pid))
    endings.delete(pid)
    this.#ended.delete(pid)
    const life: Life = {
      group: this.#groupOf(parentPid, endings),
      execs: 0,
      comm: undefined,
      counted: false,
      bornMs: this.#options.clock.nowMs(),
      parentPid,
    }
    this.#lives.set(pid, life)
    this.#unsettled.add(life)
  }

  /** An exec after the end: a thread that executes takes its leader's pid, whose end is reported first (execve(2)). */
  #executed(pid: number, isLast: boolean, endings: Map<number, Ending>): void {
    const life = this.#lives.get(pid) ?? endings.get(pid)?.life ?? this.#oldLife(pid)
    endings.delete(pid)
    this.#lives.set(pid, life)
    this.#unsettled.delete(life)
    const before = life.counted ? life.group : undefined
    life.execs++
    life.comm = undefined
    const { table } = this.#options
    const asked = isLast ? table.askGroup(pid) : undefined
    const name = this.#executedName(pid, life.execs)
    const group = asked ?? (name === undefined ? undefined : table.groupNamed({ comm: name, exe: name, cmdline: [] }))
    life.group = group
    life.counted = group !== undefined
    if (group !== undefined && group !== before) this.#start(group)
  }

  /** With more names than executions, some are those of scripts, and the interpreters among them are theirs. */
  #executedName(pid: number, execs: number): string | undefined {
    const opened = this.#options.names.of(pid)
    const programs = opened.length > execs ? opened.filter((name) => name !== 'env' && !isInterpreter(name)) : opened
    return programs[execs - 1] ?? programs.at(-1) ?? opened.at(-1)
  }

  #named(pid: number, comm: string): void {
    const life = this.#lives.get(pid)
    if (life !== undefined) life.comm = comm
  }

  #exited(event: Ending['event'], endings: Map<number, Ending>): void {
    endings.set(event.pid, { event, life: this.#lives.get(event.pid) ?? this.#knownLife(event.pid) })
    this.#lives.delete(event.pid)
  }

  #conclude(ending: Ending | undefined): void {
    if (ending === undefined) return
    const { event, life } = ending
    if (event.signal === 0) this.#bury(event.pid, life, event.code === 0 ? 'success' : 'error')
    else this.#bury(event.pid, life, 'signal', signalName(event.signal))
  }

  #bury(pid: number, life: Life | undefined, reason: ExitReason, signal?: string): void {
    const { table, names, clock } = this.#options
    names.forget(pid)
    this.#lives.delete(pid)
    if (life !== undefined) this.#unsettled.delete(life)
    const group = life?.group ?? (life?.comm === undefined ? table.unknownGroup() : table.groupNamed({ comm: life.comm, cmdline: [] }))
    if (life?.counted === false) this.#start(group)
    this.#end(group, reason)
    if (signal !== undefined && CRASH_SIGNALS.has(signal)) group.life.crashes.set(signal, (group.life.crashes.get(signal) ?? 0) + 1)
    this.#ended.delete(pid)
    this.#ended.set(pid, { group, endedMs: clock.nowMs(), life })
  }

  #groupOf(pid: number, endings: ReadonlyMap<number, Ending>): Group | undefined {
    return this.#lives.get(pid)?.group ?? endings.get(pid)?.life?.group ?? this.#oldLife(pid).group
  }

  /** A process older than our listening, from now on followed. */
  #oldLife(pid: number): Life {
    const known = this.#lives.get(pid)
    if (known !== undefined) return known
    const group = this.#options.table.knownGroup(pid) ?? this.#options.table.askGroup(pid)
    const life: Life = { group, execs: 0, comm: undefined, counted: true, bornMs: this.#options.clock.nowMs(), parentPid: 0 }
    if (group !== undefined) this.#lives.set(pid, life)
    return life
  }

  #knownLife(pid: number): Life | undefined {
    const group = this.#options.table.knownGroup(pid)
    return group && { group, execs: 0, comm: undefined, counted: true, bornMs: 0, parentPid: 0 }
  }

  #settle(): void {
    const nowMs = this.#options.clock.nowMs()
    for (const life of this.#unsettled) {
      if (nowMs - life.bornMs < FORK_SETTLES_MS) break // in the order of their births
      this.#unsettled.delete(life)
      if (life.group === undefined) continue
      life.counted = true
      this.#start(life.group)
    }
    for (const [pid, { endedMs }] of this.#ended) {
      if (this.#ended.size <= ENDED_MAX && nowMs - endedMs < ENDED_AGE_MS_MAX) break
      this.#ended.delete(pid)
    }
  }

  #start(group: Group): void {
    group.life.starts++
    group.lastActiveMs = this.#options.clock.nowMs()
  }

  #end(group: Group, reason: ExitReason): void {
    group.life.exits[reason]++
    group.lastActiveMs = this.#options.clock.nowMs()
  }
}

/** `SIGSEGV`; real-time signals, which have no name in Node, as `SIG35`. */
function signalName(signal: number): string {
  for (const [name, number] of Object.entries(os.constants.signals))
    if (number === signal && name !== 'SIGIOT' && name !== 'SIGPOLL') return name
  return `SIG${signal}`
}
