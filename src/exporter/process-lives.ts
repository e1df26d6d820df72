/**
 * Owns the lives of processes: what began, what ended and how, by group, from the kernel's events or from differences
 * between scans; and for a short while the group of those that have ended. Never reads a socket.
 */
import { isInterpreter } from '../lib/groups/interpreter.ts'
import type { ProcEvent } from '../lib/linux/proc-events.ts'
import { isCrash, signalName } from './crash-signals.ts'
import type { KnownLife } from './file-credit.ts'
import type { ExitReason, Group } from './group-counters.ts'
import type { LifeFollower, ProcessTable } from './process-table.ts'
import type { TrackedProcess } from './tracked-process.ts'
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
  /** When events last told of its birth or of another program: no scan that began before knows better. */
  changedMs: number
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
/** Start times follow the wall clock no closer than this, and a pid does not come round again within it. */
const SAME_PROCESS_SLACK_MS = 1000

export class ProcessLives implements LifecycleSink, LifeFollower {
  readonly #options: ProcessLivesOptions
  readonly #lives = new Map<number, Life>()
  readonly #unsettled = new Set<Life>()
  /** In the order of their ends. */
  readonly #ended = new Map<number, { readonly group: Group; readonly endedMs: number; readonly life: Life | undefined }>()
  #drain: (() => void) | undefined
  #lostEvents = 0
  /** Wall clock when a loss was last told of and not yet repaired. */
  #lossMs: number | undefined

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
    this.#lossMs = this.#options.clock.nowMs()
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
    // First of all: what is kept may be of one that had the pid before.
    this.#drain?.()
    return this.#ended.get(pid)?.group
  }

  livingGroup(pid: number): Group | undefined {
    return this.#lives.get(pid)?.group
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
    if (this.#lossMs === undefined) return
    this.#repairBirths(born)
    this.#repairLives(startedMs)
    for (const { pid, group } of ended) if (!this.#ended.has(pid) && !this.#lives.has(pid)) this.#end(group, 'unknown')
    // What ended after this scan looked, and was lost as well, is the next one's to find.
    if (startedMs > this.#lossMs) this.#lossMs = undefined
  }

  #repairBirths(born: readonly TrackedProcess[]): void {
    for (const { pid, group, sample } of born) {
      const startedMs = (sample?.startTimeSeconds ?? 0) * 1000 - SAME_PROCESS_SLACK_MS
      const life = this.#lives.get(pid)
      if (life !== undefined && life.bornMs >= startedMs) continue
      if (life !== undefined) this.#bury(pid, life, 'unknown')
      else if ((this.#ended.get(pid)?.endedMs ?? -Infinity) >= startedMs) continue
      this.#start(group)
      const nowMs = this.#options.clock.nowMs()
      this.#lives.set(pid, { group, execs: 0, comm: undefined, counted: true, bornMs: nowMs, changedMs: 0, parentPid: 0 })
    }
  }

  /** All events that were not lost have been read: whoever is missing or a zombie and not known to have ended has ended unheard. */
  #repairLives(startedMs: number): void {
    const processes = new Map<number, TrackedProcess>()
    for (const process of this.#options.table.processes()) processes.set(process.pid, process)
    for (const [pid, life] of this.#lives) {
      if (life.changedMs >= startedMs) continue
      const process = processes.get(pid)
      if (process === undefined || process.sample?.state === 'Z') this.#bury(pid, life, 'unknown')
      else if (life.group !== process.group) this.#changeProgram(life, process.group)
    }
  }

  /** An exec that was not heard of. */
  #changeProgram(life: Life, group: Group): void {
    life.group = group
    if (this.#unsettled.has(life)) return
    life.counted = true
    this.#start(group)
  }

  /** After new matchers: the groups of the living are asked for again when they are needed. */
  renamed(): void {
    for (const [pid, life] of this.#lives) if (life.counted) life.group = this.#options.table.knownGroup(pid) ?? life.group
  }

  #forked(pid: number, parentPid: number, endings: Map<number, Ending>): void {
    this.#conclude(endings.get(pid))
    endings.delete(pid)
    const heard = this.#lives.get(pid)
    if (heard !== undefined) this.#bury(pid, heard, 'unknown') // the pid lives again, so its end was lost
    this.#ended.delete(pid)
    const nowMs = this.#options.clock.nowMs()
    const group = this.#groupOf(parentPid, endings)
    const life: Life = { group, execs: 0, comm: undefined, counted: false, bornMs: nowMs, changedMs: nowMs, parentPid }
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
    life.changedMs = this.#options.clock.nowMs()
    const { table } = this.#options
    const name = this.#executedName(pid, life.execs)
    const asked = isLast ? table.askGroup(pid, name === undefined) : undefined
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
    if (signal !== undefined && isCrash(signal)) group.life.crashes.set(signal, (group.life.crashes.get(signal) ?? 0) + 1)
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
    const life: Life = { group, execs: 0, comm: undefined, counted: true, bornMs: this.#options.clock.nowMs(), changedMs: 0, parentPid: 0 }
    if (group !== undefined) this.#lives.set(pid, life)
    return life
  }

  #knownLife(pid: number): Life | undefined {
    const group = this.#options.table.knownGroup(pid)
    return group && { group, execs: 0, comm: undefined, counted: true, bornMs: 0, changedMs: 0, parentPid: 0 }
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
    for (const [pid, { group, endedMs, life }] of this.#ended) {
      const isFull = this.#ended.size > ENDED_MAX
      if (!isFull && nowMs - endedMs < ENDED_AGE_MS_MAX) break
      this.#ended.delete(pid)
      // A zombie's end is told when it dies, and seen by scans when it is buried.
      if (!isFull && this.#options.table.isZombie(pid)) this.#ended.set(pid, { group, endedMs: nowMs, life })
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
