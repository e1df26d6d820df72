/** Owns what is known of every living process and its group, fed by scans and by file events. Never reads /proc itself. */
import { groupNameOf, UNKNOWN_GROUP, type GroupMatcher, type GroupSubject } from '../lib/groups/group-name.ts'
import { isBare, type ProcessDetails, type ProcessIdentity } from '../lib/linux/proc-process.ts'
import { isAlive } from '../lib/linux/proc-stat.ts'
import { bequeath, openLedger, recover } from './child-use.ts'
import { FRESH_PROCESS, GroupCounters, addUse, creditUse, type Group } from './group-counters.ts'
import type { ProcessSample, ProcessScan } from './sources/process-source.ts'
import { countersOf, newTrackedProcess, type TrackedProcess } from './tracked-process.ts'

export interface TableSettings {
  readonly matchers: readonly GroupMatcher[]
  readonly groupsMax: number
  readonly groupExpiryMs: number
}

export interface TableOptions {
  readonly settings: TableSettings
  readonly clock: { nowMs(): number }
  /** For matchers by user; without it none of them fits. */
  readonly userName?: (uid: number) => string
  /** When a process started; undefined when it is gone. Asked often. */
  readonly startTicksOf: (pid: number) => number | undefined
  /** Who a process is at this moment; undefined when it is gone. */
  readonly identify: (pid: number) => ProcessIdentity | undefined
}

/** Whoever follows the lives of processes between scans. */
export interface LifeFollower {
  /** The group of a process that has ended a short while ago; undefined when nothing is known of it. */
  endedGroup(pid: number): Group | undefined
  /** The group of a process that has not ended, by what it was executed from; undefined when nothing is known of it. */
  livingGroup(pid: number): Group | undefined
  /** A scan has found these for the first time, and these no longer. Both lack what was born and ended between two scans. */
  scanned(born: readonly TrackedProcess[], ended: readonly TrackedProcess[], startedMs: number): void
}

type Named = Pick<TrackedProcess, 'comm' | 'isKernelThread'>

/** Clock ticks of /proc/uptime and the scan's own duration blur "after the last scan" by less than this. */
const FRESH_SLACK_SECONDS = 0.1

/** Groups stay for hours, so this need not be exact. */
const EXPIRY_INTERVAL_MS = 10_000

export class ProcessTable {
  readonly groups = new GroupCounters()
  readonly #options: TableOptions
  #settings: TableSettings
  readonly #processes = new Map<number, TrackedProcess>()
  /** Scans so far. */
  #scan = 0
  #expiredMs = 0
  #lastScanMs: number | undefined
  #unreadable: ProcessScan['unreadable'] | undefined
  /** How often a process was named and the cap refused its group. */
  #foldedGroups = 0
  #attributesFiles = false
  #follower: LifeFollower | undefined

  constructor(options: TableOptions) {
    this.#options = options
    this.#settings = options.settings
  }

  /** Wall clock of the last scan taken in; undefined before the first. */
  get lastScanMs(): number | undefined {
    return this.#lastScanMs
  }

  get unreadable(): ProcessScan['unreadable'] | undefined {
    return this.#unreadable
  }

  get foldedGroups(): number {
    return this.#foldedGroups
  }

  /** Whether file creations come with the process behind them; without that, such series are absent and not 0. */
  get attributesFiles(): boolean {
    return this.#attributesFiles
  }

  setAttributesFiles(attributes: boolean): void {
    this.#attributesFiles = attributes
    // So that the first file of a nameless writer is a step from 0.
    if (attributes) this.groups.group(UNKNOWN_GROUP, Infinity, this.#options.clock.nowMs())
  }

  setFollower(follower: LifeFollower): void {
    this.#follower = follower
  }

  /** The group that a process of this description belongs to. */
  groupNamed(subject: GroupSubject): Group {
    const name = groupNameOf(subject, this.#settings.matchers)
    const group = this.groups.group(name, this.#settings.groupsMax, this.#options.clock.nowMs())
    if (group.name !== name) this.#foldedGroups++
    return group
  }

  /** The group of what nobody could be asked about. */
  unknownGroup(): Group {
    return this.groups.group(UNKNOWN_GROUP, Infinity, this.#options.clock.nowMs())
  }

  /** The group as of the last scan or file, without asking the process. */
  knownGroup(pid: number): Group | undefined {
    return this.#processes.get(pid)?.group
  }

  /** As of the last scan. */
  isZombie(pid: number): boolean {
    return this.#processes.get(pid)?.sample?.state === 'Z'
  }

  /** The group of the program that `pid` runs at this moment; undefined when it has ended or, if asked, has only its short name left. */
  askGroup(pid: number, isShortNameEnough = true): Group | undefined {
    const identity = this.#options.identify(pid)
    if (identity === undefined || !isAlive(identity.state)) return undefined
    if (!isShortNameEnough && isBare(identity, identity.isKernelThread)) return undefined
    return this.groupNamed(this.#subjectOf(identity, identity))
  }

  processes(): Iterable<TrackedProcess> {
    return this.#processes.values()
  }

  get(pid: number): TrackedProcess | undefined {
    return this.#processes.get(pid)
  }

  /** Takes in a scan. `startedMs` is the wall clock when it began: a process that started since the scan before is fresh. */
  apply(scan: ProcessScan, startedMs: number): void {
    const freshAfterSeconds = this.#lastScanMs === undefined ? Infinity : this.#lastScanMs / 1000 - FRESH_SLACK_SECONDS
    const isFirst = this.#lastScanMs === undefined
    const gone = new Map<number, TrackedProcess>()
    this.#scan++
    for (const sample of scan.samples) this.#take(sample, freshAfterSeconds, gone)
    for (const process of this.#processes.values()) {
      if (process.seenScan === this.#scan) continue
      // A process whose first file was seen while the scan was under way may be too young to be in it.
      if (process.sample === undefined && process.trackedMs >= startedMs) continue
      gone.set(process.pid, process)
    }
    for (const process of gone.values()) {
      process.group.hasChanged = true
      if (this.#processes.get(process.pid) === process) this.#processes.delete(process.pid)
    }
    this.#recoverChildren(gone)
    this.#lastScanMs = startedMs
    this.#unreadable = scan.unreadable
    if (!isFirst) this.#tellTurnover(gone, startedMs)
    this.#expireGroups()
  }

  /** New matchers name every process anew; counters stay with the groups that earned them. */
  reconfigure(settings: TableSettings): void {
    this.#settings = settings
    for (const process of this.#processes.values()) this.#regroup(process)
  }

  /**
   * Counts files created by `pid` and returns its group. A process that ended before it could be asked for its name
   * counts to the group "unknown".
   */
  addFilesCreated(pid: number, count: number): Group {
    const owner = this.#ownerOf(pid)
    const group = owner?.group ?? this.#follower?.endedGroup(pid) ?? this.unknownGroup()
    if (owner !== undefined) owner.filesCreated += count
    group.filesCreated += count
    group.lastActiveMs = this.#options.clock.nowMs()
    return group
  }

  /** Counts files deleted by `pid`, as far as it is known. */
  addFilesDeleted(pid: number, count: number): void {
    const owner = this.#ownerOf(pid)
    if (owner !== undefined) owner.filesDeleted += count
  }

  /** One of the files created by `pid`, of that group, was compared with others. */
  addFileExamined(pid: number, group: string, isDuplicate: boolean): void {
    const process = this.#processes.get(pid)
    if (process === undefined || process.group.name !== group) return
    process.filesExamined += 1
    if (isDuplicate) process.filesDuplicated += 1
  }

  /**
   * The pid may have been recycled since the last scan, so the process is asked for its start time. What is known of the
   * end of a process is younger than the scan; one that is dead but not buried no longer knows its own program.
   */
  #ownerOf(pid: number): TrackedProcess | undefined {
    const known = this.#processes.get(pid)
    const startTicks = pid > 0 ? this.#options.startTicksOf(pid) : undefined
    if (startTicks !== undefined && startTicks === known?.startTicks) return known
    if (startTicks === undefined) return this.#follower?.endedGroup(pid) === undefined ? known : undefined
    const identity = this.#options.identify(pid)
    if (identity === undefined || (!isAlive(identity.state) && this.#follower?.endedGroup(pid) !== undefined)) return undefined
    const created = this.#track(pid, identity.startTicks, identity, identity)
    this.#processes.set(pid, created)
    return created
  }

  /** Whoever had the pid before goes to `gone`. */
  #take(sample: ProcessSample, freshAfterSeconds: number, gone: Map<number, TrackedProcess>): void {
    const known = this.#processes.get(sample.pid)
    if (known?.sample === sample) {
      // The same object is the same figures: nothing to add up.
      known.group.lastActiveMs = this.#options.clock.nowMs()
      known.seenScan = this.#scan
      return
    }
    const process = known?.startTicks === sample.startTicks ? known : this.#track(sample.pid, sample.startTicks, sample, sample.details)
    if (process !== known) {
      if (known !== undefined) gone.set(known.pid, known)
      this.#processes.set(process.pid, process)
    }
    if (process.sample === undefined) {
      process.bornScan = this.#scan
      process.group.hasChanged = true
    }
    process.seenScan = this.#scan
    process.comm = sample.comm
    if (process === known && sample.details !== undefined) {
      process.details = sample.details
      this.#regroup(process)
    }
    this.#count(process, sample, freshAfterSeconds)
  }

  #count(process: TrackedProcess, sample: ProcessSample, freshAfterSeconds: number): void {
    const isFresh = sample.startTimeSeconds > freshAfterSeconds
    const before = process.sample === undefined ? (isFresh ? FRESH_PROCESS : undefined) : countersOf(process.sample, process.slow)
    process.slow = sample.slow ?? process.slow
    addUse(process.group.counters, countersOf(sample, process.slow), before)
    if (process.sample === undefined) process.ledger = openLedger(sample, isFresh)
    process.sample = sample
    process.group.hadProcess = true
    process.group.statesSeen.add(sample.state)
    process.group.lastActiveMs = this.#options.clock.nowMs()
  }

  #track(pid: number, startTicks: number, named: Named, details: ProcessDetails = { cmdline: [] }): TrackedProcess {
    const { comm, isKernelThread } = named
    const heard = isBare(details, isKernelThread) ? this.#follower?.livingGroup(pid) : undefined
    const group = heard ?? this.#groupOf({ comm, isKernelThread, details })
    return newTrackedProcess({ pid, startTicks, comm, isKernelThread, details, group, trackedMs: this.#options.clock.nowMs() })
  }

  #regroup(process: TrackedProcess): void {
    process.group.hasChanged = true
    process.group = this.#groupOf(process)
    process.group.hasChanged = true
  }

  #groupOf(process: Named & { readonly details: ProcessDetails }): Group {
    return this.groupNamed(this.#subjectOf(process, process.details))
  }

  #subjectOf({ comm, isKernelThread }: Named, { exe, cmdline, uid, unit, container }: ProcessDetails): GroupSubject {
    return { comm, isKernelThread, exe, cmdline, unit, container, user: uid === undefined ? undefined : this.#options.userName?.(uid) }
  }

  /** What children used unseen is their parent's group's. */
  #recoverChildren(gone: ReadonlyMap<number, TrackedProcess>): void {
    const now = this.#processes
    if (gone.size > 0) bequeath([...gone.values()], { get: (pid) => gone.get(pid) ?? this.#seenBefore(pid) }, now)
    for (const process of now.values()) {
      const found = process.sample === undefined ? undefined : recover(process, process.sample)
      if (found !== undefined) creditUse(process.group.counters, found)
    }
  }

  /** A living process that the scan before had found as well. */
  #seenBefore(pid: number): TrackedProcess | undefined {
    const process = this.#processes.get(pid)
    return process?.bornScan === this.#scan ? undefined : process
  }

  #tellTurnover(gone: ReadonlyMap<number, TrackedProcess>, startedMs: number): void {
    if (this.#follower === undefined) return
    const born = [...this.#processes.values()].filter(({ bornScan }) => bornScan === this.#scan)
    this.#follower.scanned(born, [...gone.values()], startedMs)
  }

  #expireGroups(): void {
    const nowMs = this.#options.clock.nowMs()
    if (Math.abs(nowMs - this.#expiredMs) < EXPIRY_INTERVAL_MS) return
    this.#expiredMs = nowMs
    const alive = new Set<Group>()
    for (const process of this.#processes.values()) alive.add(process.group)
    this.groups.expire(nowMs - this.#settings.groupExpiryMs, alive)
  }
}
