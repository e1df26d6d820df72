/** Owns one pass over /proc: descriptors are kept open between passes, and what has not run is not read again. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseIo } from '../../lib/linux/proc-io.ts'
import { readBootTimeMs, readPlacement, readProcessDetails, type ProcessDetails, type Procfs } from '../../lib/linux/proc-process.ts'
import { parseStat, type ProcStat } from '../../lib/linux/proc-stat.ts'
import { KeptFiles, isOutOfDescriptors } from './kept-files.ts'
import { fdSizeCounts, figuresOf, hasSwap, openFilesMax, readSlow } from './proc-facts.ts'
import { isSameSample } from './same-sample.ts'
import { takeRunRecord } from './run-record.ts'
import { countUnreadable, newTracked, type Tracked } from './tracked-files.ts'
import { UNREADABLE_SOURCES, type ProcessIo, type ProcessSample, type ProcessScan, type UnreadableSource } from './process-source.ts'
import type { ScanPart, ScanProgress } from './scan-progress.ts'

export interface ProcScannerOptions {
  readonly procfs: Procfs
  /** Descriptors kept open between passes; beyond it files are opened and closed each time. */
  readonly descriptorsMax: number
  /** Told of each process before it is read. */
  readonly progress?: Pick<ScanProgress, 'at'>
}

export interface ProcScan extends ProcessScan {
  /** Processes that are there and were left out because reading them blocks. */
  readonly passedOver: readonly number[]
}

/** What is not to be read of a process: its details, or anything. */
export type Skips = ReadonlyMap<number, ScanPart>

/**
 * Status, limits and cgroup of a process are read in one pass of so many, of others in others; a new program's at once. A multiple
 * of IDLE_PASSES_MAX, so that one that sleeps is read in that pass as well.
 */
const SLOW_EVERY_PASSES = 24
/** Of one that has not run since they were read, they are what others may have changed: a limit, or where it is placed. */
const ASLEEP_SLOW_EVERY_PASSES = 4 * SLOW_EVERY_PASSES
/** Start times of processes must not flicker with the resolution of /proc/uptime; a wall clock that was set must show. */
const BOOT_TIME_SLACK_MS = 1000
/** ulimit -n counts sockets, logs and the rest as well: they keep the other half. */
const DESCRIPTOR_SHARE = 2
/**
 * A process of one thread that has not run has changed nothing about itself; what others can change (reclaimed memory) is
 * read at least every so many passes.
 */
const IDLE_PASSES_MAX = 24
/** The files of a process that sleeps are not worth a descriptor each: only one that has run in so many passes keeps them open. */
const KEPT_AFTER_PASSES = 2

/** A synchronous scanner; it blocks while it reads, so it belongs in a worker. */
export class ProcScanner {
  readonly #procfs: Procfs
  readonly #files: KeptFiles
  readonly #progress: Pick<ScanProgress, 'at'> | undefined
  readonly #tracked = new Map<number, Tracked>()
  readonly #fdSizeCounts: boolean
  #hasSwap = false
  #bootTimeMs: number | undefined
  #pass = 0

  constructor(options: ProcScannerOptions) {
    this.#procfs = options.procfs
    // Node raises the soft limit to the hard one when it starts.
    const descriptorsMax = Math.min(options.descriptorsMax, Math.floor(openFilesMax(options.procfs) / DESCRIPTOR_SHARE))
    this.#files = new KeptFiles(options.procfs.root, descriptorsMax)
    this.#progress = options.progress
    this.#fdSizeCounts = fdSizeCounts(options.procfs)
  }

  /** Throws when /proc itself cannot be read. A process that vanishes meanwhile is left out. */
  scan(skips: Skips = new Map()): ProcScan {
    for (;;) {
      try {
        return this.#scan(skips)
      } catch (error) {
        if (!isOutOfDescriptors(error) || !this.#files.shrink()) throw error
        this.close()
      }
    }
  }

  close(): void {
    for (const [pid, tracked] of this.#tracked) this.#forget(pid, tracked)
  }

  #scan(skips: Skips): ProcScan {
    this.#pass++
    this.#progress?.at(0, 'figures')
    const before = this.#bootTimeMs
    const bootTimeMs = this.#bootTime()
    this.#hasSwap = hasSwap(this.#procfs)
    // Start times on the wall clock follow it.
    if (before !== bootTimeMs) for (const tracked of this.#tracked.values()) tracked.sample = undefined
    const samples: ProcessSample[] = []
    const passedOver: number[] = []
    const unreadable: Record<UnreadableSource, number> = { io: 0, fd: 0, exe: 0, status: 0, limits: 0 }
    for (const name of readdirSync(this.#procfs.root)) {
      const first = name.charCodeAt(0)
      if (first < 0x30 || first > 0x39) continue
      const pid = Number(name)
      const skip = skips.get(pid)
      if (skip === 'figures') {
        passedOver.push(pid)
        continue
      }
      this.#progress?.at(pid, 'figures')
      const sample = skip === undefined ? this.#sample(pid, bootTimeMs, unreadable) : this.#sampleFigures(pid, bootTimeMs, unreadable)
      if (sample !== undefined) samples.push(sample)
    }
    this.#progress?.at(0, 'figures')
    for (const [pid, tracked] of this.#tracked) if (tracked.pass !== this.#pass) this.#forget(pid, tracked)
    return { samples, unreadable, passedOver }
  }

  #sample(pid: number, bootTimeMs: number, unreadable: Record<UnreadableSource, number>): ProcessSample | undefined {
    const tracked = this.#tracked.get(pid) ?? newTracked()
    if (this.#hasNotRun(pid, tracked) && tracked.sample !== undefined) {
      tracked.pass = this.#pass
      countUnreadable(tracked, tracked.sample, unreadable)
      return tracked.sample
    }
    // Before the first of its files is opened: one that then fails must not be lost with what it holds.
    this.#tracked.set(pid, tracked)
    const stat = this.#readStat(pid, tracked)
    if (stat === undefined) return undefined
    this.#progress?.at(pid, 'details')
    const isNew = this.#isNewProgram(tracked, stat)
    const isDue = isNew || this.#isDue(pid, tracked)
    const isTold = isNew || this.#wasMoved(pid, tracked, isDue)
    const details = isTold ? this.#readDetails(pid, tracked, stat) : undefined
    const slow = isDue ? readSlow(pid, this.#procfs, this.#hasSwap) : undefined
    if (slow !== undefined) {
      tracked.lacksLimits = slow.openFdsMax === undefined && stat.state !== 'Z'
      tracked.ranSinceSlow = false
    }
    tracked.pass = this.#pass
    const read: ProcessSample = { ...figuresOf(pid, stat, bootTimeMs, this.#procfs.units), ...this.#readDoings(pid, tracked, stat) }
    // Most that are read again have not changed either; the same object need not be told again.
    const sample = tracked.sample !== undefined && isSameSample(tracked.sample, read) ? tracked.sample : read
    tracked.sample = sample
    countUnreadable(tracked, sample, unreadable)
    // Told once: the sample that is kept has neither.
    if (slow === undefined && details === undefined) return sample
    return { ...sample, ...(slow === undefined ? {} : { slow }), ...(details === undefined ? {} : { details }) }
  }

  #isDue(pid: number, { ranSinceSlow }: Tracked): boolean {
    const turn = pid + this.#pass
    // What is swapped out changes without the process' doing.
    return turn % (ranSinceSlow || this.#hasSwap ? SLOW_EVERY_PASSES : ASLEEP_SLOW_EVERY_PASSES) === 0
  }

  /** Whoever has not run has neither read, written, opened nor closed anything. */
  #readDoings(pid: number, tracked: Tracked, { state }: ProcStat): Pick<ProcessSample, 'io' | 'openFds'> {
    const known = tracked.ranPasses === 0 ? tracked.sample : undefined
    const io = known === undefined ? this.#readIo(pid, tracked) : known.io
    const openFds = known !== undefined ? known.openFds : state === 'Z' ? undefined : this.#countFds(pid)
    return { ...(openFds === undefined ? {} : { openFds }), ...(io === undefined ? {} : { io }) }
  }

  /** Of one whose details block: who it is stays as it was last told. */
  #sampleFigures(pid: number, bootTimeMs: number, unreadable: Record<UnreadableSource, number>): ProcessSample | undefined {
    const tracked = this.#tracked.get(pid) ?? newTracked()
    const stat = this.#readStat(pid, tracked)
    if (stat === undefined) return undefined
    tracked.pass = this.#pass
    this.#tracked.set(pid, tracked)
    const sample = figuresOf(pid, stat, bootTimeMs, this.#procfs.units)
    for (const source of UNREADABLE_SOURCES) unreadable[source]++
    return sample
  }

  /**
   * Whether the last sample still holds. The record is taken before the other files are read: what runs meanwhile shows next time.
   * A new parent does not show in it, so a process whose parent has ended is read.
   */
  #hasNotRun(pid: number, tracked: Tracked): boolean {
    const length = this.#readKept(pid, tracked)
    const same = length > 0 && takeRunRecord(tracked.run, this.#files.buffer, length)
    const { sample } = tracked
    const isIdle = same && sample?.threads === 1
    tracked.ranPasses = isIdle ? 0 : tracked.ranPasses + 1
    if (!isIdle) tracked.ranSinceSlow = true
    if (!isIdle || (this.#pass + pid) % IDLE_PASSES_MAX === 0) return false
    const parent = this.#tracked.get(sample.ppid)
    return sample.ppid === 0 || (parent?.sample !== undefined && parent.sample.state !== 'Z' && this.#pass - parent.pass <= 1)
  }

  #readKept(pid: number, tracked: Tracked): number {
    const length = tracked.schedstatFd === undefined ? -1 : this.#files.read(tracked.schedstatFd)
    if (length > 0) return length
    this.#files.close(tracked.schedstatFd)
    const opened = this.#files.openAndRead(pid, 'schedstat')
    tracked.schedstatFd = opened.fd
    return opened.length
  }

  /** A descriptor of a dead process answers ESRCH for good, also when its pid lives again: then it is opened anew. */
  #readStat(pid: number, tracked: Tracked): ProcStat | undefined {
    if (tracked.statFd !== undefined) {
      const length = this.#files.read(tracked.statFd)
      const stat = length > 0 ? parseStat(this.#files.buffer, length) : undefined
      if (stat !== undefined) return stat
      this.#files.close(tracked.statFd)
      tracked.statFd = undefined
    }
    const opened = this.#files.openAndRead(pid, 'stat', tracked.ranPasses >= KEPT_AFTER_PASSES)
    const stat = opened.length > 0 ? parseStat(this.#files.buffer, opened.length) : undefined
    tracked.statFd = opened.fd
    if (stat === undefined) this.#forget(pid, tracked)
    return stat
  }

  /** An exec shows as another name or another stack (its address is random); a recycled pid as another start time. */
  #isNewProgram(tracked: Tracked, stat: ProcStat): boolean {
    // A process that is ending has no stack any more, nor anything else to tell: it stays what it was.
    const sameStack = tracked.stackStart === stat.stackStart || stat.stackStart === 0
    if (tracked.startTicks === stat.startTicks && tracked.comm === stat.comm && sameStack) return false
    if (tracked.startTicks !== stat.startTicks) {
      this.#files.close(tracked.ioFd)
      tracked.ioFd = undefined
    }
    tracked.startTicks = stat.startTicks
    tracked.comm = stat.comm
    tracked.stackStart = stat.stackStart
    tracked.ioDenied = false
    return true
  }

  #readDetails(pid: number, tracked: Tracked, stat: ProcStat): ProcessDetails {
    const details = readProcessDetails(pid, this.#procfs)
    tracked.placement = { unit: details.unit, container: details.container }
    tracked.isSettled = false
    tracked.lacksExe = details.exe === undefined && !stat.isKernelThread && stat.state !== 'Z'
    tracked.lacksStatus = details.uid === undefined
    return details
  }

  /**
   * Whoever starts a process may put it into its cgroup a moment later, so a new one is looked at twice; others are moved
   * rarely.
   */
  #wasMoved(pid: number, tracked: Tracked, isDue: boolean): boolean {
    if (tracked.isSettled && !isDue) return false
    tracked.isSettled = true
    const now = readPlacement(pid, this.#procfs)
    return now !== undefined && (now.unit !== tracked.placement.unit || now.container !== tracked.placement.container)
  }

  #readIo(pid: number, tracked: Tracked): ProcessIo | undefined {
    if (tracked.ioDenied) return undefined
    let length = tracked.ioFd === undefined ? -1 : this.#files.read(tracked.ioFd)
    if (tracked.ioFd === undefined) {
      const opened = this.#files.openAndRead(pid, 'io', tracked.ranPasses >= KEPT_AFTER_PASSES)
      length = opened.length
      tracked.ioFd = opened.fd
    }
    const io = length > 0 ? parseIo(this.#files.buffer, length) : undefined
    if (io === undefined) {
      this.#files.close(tracked.ioFd)
      tracked.ioFd = undefined
      tracked.ioDenied = true // asked again after the next exec, which is when the answer can change
      return undefined
    }
    return { readBytes: io.readBytes, writtenBytes: io.writeBytes, readOperations: io.readSyscalls, writeOperations: io.writeSyscalls }
  }

  /** Since Linux 6.2 the size of /proc/PID/fd is the number of its entries (proc_pid_fd(5)), for anybody to see. */
  #countFds(pid: number): number | undefined {
    const path = join(this.#procfs.root, String(pid), 'fd')
    try {
      return this.#fdSizeCounts ? statSync(path, { throwIfNoEntry: false })?.size : readdirSync(path).length
    } catch (error) {
      if (isOutOfDescriptors(error)) throw error
      return undefined
    }
  }

  #forget(pid: number, tracked: Tracked): void {
    this.#files.close(tracked.statFd)
    this.#files.close(tracked.ioFd)
    this.#files.close(tracked.schedstatFd)
    this.#tracked.delete(pid)
  }

  #bootTime(): number {
    const now = readBootTimeMs(this.#procfs)
    if (this.#bootTimeMs === undefined || Math.abs(now - this.#bootTimeMs) > BOOT_TIME_SLACK_MS) this.#bootTimeMs = now
    return this.#bootTimeMs
  }
}
