/** Owns one pass over /proc: descriptors are kept open between passes, and what has not run is not read again. */
import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../lib/errors.ts'
import { parseIo } from '../../lib/linux/proc-io.ts'
import { readBootTimeMs, readProcessDetails, startTimeMs, type ProcessDetails, type Procfs } from '../../lib/linux/proc-process.ts'
import { parseStat, type ProcStat } from '../../lib/linux/proc-stat.ts'
import { childUse, fdSizeCounts, hasSwap, openFilesMax, readSlow } from './proc-facts.ts'
import { takeRunRecord } from './run-record.ts'
import { newTracked, type Tracked } from './tracked-files.ts'
import type { ProcessIo, ProcessSample, ProcessScan, UnreadableSource } from './process-source.ts'

export interface ProcScannerOptions {
  readonly procfs: Procfs
  /** Descriptors kept open between passes; beyond it files are opened and closed each time. */
  readonly descriptorsMax: number
}

const READ_BYTES = 4096
/**
 * Status and limits of a process are read in one pass of so many, of others in others; a new program's at once. A multiple
 * of IDLE_PASSES_MAX, so that one that sleeps is read in that pass as well.
 */
const SLOW_EVERY_PASSES = 24
/** Start times of processes must not flicker with the resolution of /proc/uptime; a wall clock that was set must show. */
const BOOT_TIME_SLACK_MS = 1000
/** ulimit -n counts sockets, logs and the rest as well: they keep the other half. */
const DESCRIPTOR_SHARE = 2
/**
 * A process of one thread that has not run has changed nothing about itself; what others can change (reclaimed memory) is
 * read at least every so many passes.
 */
const IDLE_PASSES_MAX = 8
/** The files of a process that sleeps are not worth a descriptor each: only one that has run in so many passes keeps them open. */
const KEPT_AFTER_PASSES = 2

/** A synchronous scanner; it blocks while it reads, so it belongs in a worker. */
export class ProcScanner {
  readonly #procfs: Procfs
  readonly #descriptorsMax: number
  readonly #tracked = new Map<number, Tracked>()
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES)
  readonly #fdSizeCounts: boolean
  #descriptors = 0
  #hasSwap = false
  #bootTimeMs: number | undefined
  #pass = 0

  constructor(options: ProcScannerOptions) {
    this.#procfs = options.procfs
    this.#descriptorsMax = Math.min(options.descriptorsMax, Math.floor(openFilesMax(options.procfs) / DESCRIPTOR_SHARE))
    this.#fdSizeCounts = fdSizeCounts(options.procfs)
  }

  /** Throws when /proc itself cannot be read. A process that vanishes meanwhile is left out. */
  scan(): ProcessScan {
    this.#pass++
    const before = this.#bootTimeMs
    const bootTimeMs = this.#bootTime()
    this.#hasSwap = hasSwap(this.#procfs)
    // Start times on the wall clock follow it.
    if (before !== bootTimeMs) for (const tracked of this.#tracked.values()) tracked.sample = undefined
    const samples: ProcessSample[] = []
    const unreadable: Record<UnreadableSource, number> = { io: 0, fd: 0, exe: 0, status: 0, limits: 0 }
    for (const name of readdirSync(this.#procfs.root)) {
      const first = name.charCodeAt(0)
      if (first < 0x30 || first > 0x39) continue
      const sample = this.#sample(Number(name), bootTimeMs, unreadable)
      if (sample !== undefined) samples.push(sample)
    }
    for (const [pid, tracked] of this.#tracked) if (tracked.pass !== this.#pass) this.#forget(pid, tracked)
    return { samples, unreadable }
  }

  close(): void {
    for (const [pid, tracked] of this.#tracked) this.#forget(pid, tracked)
  }

  #sample(pid: number, bootTimeMs: number, unreadable: Record<UnreadableSource, number>): ProcessSample | undefined {
    const tracked = this.#tracked.get(pid) ?? newTracked()
    if (this.#hasNotRun(pid, tracked) && tracked.sample !== undefined) {
      tracked.pass = this.#pass
      countUnreadable(tracked, tracked.sample, unreadable)
      return tracked.sample
    }
    const stat = this.#readStat(pid, tracked)
    if (stat === undefined) return undefined
    const details = this.#isNewProgram(tracked, stat) ? this.#readDetails(pid, tracked, stat) : undefined
    const isDue = details !== undefined || (pid + this.#pass) % SLOW_EVERY_PASSES === 0
    const slow = isDue ? readSlow(pid, this.#procfs, this.#hasSwap) : undefined
    if (slow !== undefined) tracked.lacksLimits = slow.openFdsMax === undefined && stat.state !== 'Z'
    tracked.pass = this.#pass
    this.#tracked.set(pid, tracked)
    const { units } = this.#procfs
    const io = this.#readIo(pid, tracked)
    const isZombie = stat.state === 'Z'
    const openFds = isZombie ? undefined : this.#countFds(pid)
    const sample: ProcessSample = {
      pid,
      startTicks: stat.startTicks,
      startTimeSeconds: startTimeMs(stat.startTicks, bootTimeMs, units) / 1000,
      ppid: stat.ppid,
      comm: stat.comm,
      state: stat.state,
      isKernelThread: stat.isKernelThread,
      userSeconds: stat.userTicks / units.clockTicksPerSecond,
      systemSeconds: stat.systemTicks / units.clockTicksPerSecond,
      minorFaults: stat.minorFaults,
      majorFaults: stat.majorFaults,
      children: childUse(stat, units.clockTicksPerSecond),
      threads: stat.threads,
      virtualBytes: stat.virtualBytes,
      residentBytes: stat.residentPages * units.pageSizeBytes,
      ...(openFds === undefined ? {} : { openFds }),
      ...(io === undefined ? {} : { io }),
    }
    tracked.sample = sample
    countUnreadable(tracked, sample, unreadable)
    // Told once: the sample that is kept has neither.
    return slow === undefined ? sample : { ...sample, slow, ...(details === undefined ? {} : { details }) }
  }

  /**
   * Whether the last sample still holds. The record is taken before the other files are read: what runs meanwhile shows next time.
   * A new parent does not show in it, so a process whose parent has ended is read.
   */
  #hasNotRun(pid: number, tracked: Tracked): boolean {
    const length = this.#readKept(pid, tracked)
    const same = length > 0 && takeRunRecord(tracked.run, this.#buffer, length)
    const { sample } = tracked
    const isIdle = same && sample?.threads === 1
    tracked.ranPasses = isIdle ? 0 : tracked.ranPasses + 1
    if (!isIdle || (this.#pass + pid) % IDLE_PASSES_MAX === 0) return false
    const parent = this.#tracked.get(sample.ppid)
    return sample.ppid === 0 || (parent?.sample !== undefined && parent.sample.state !== 'Z' && this.#pass - parent.pass <= 1)
  }

  #readKept(pid: number, tracked: Tracked): number {
    const length = tracked.schedstatFd === undefined ? -1 : this.#readFd(tracked.schedstatFd)
    if (length > 0) return length
    this.#closeFd(tracked.schedstatFd)
    const opened = this.#openAndRead(pid, 'schedstat')
    tracked.schedstatFd = opened.fd
    return opened.length
  }

  /** A descriptor of a dead process answers ESRCH for good, also when its pid lives again: then it is opened anew. */
  #readStat(pid: number, tracked: Tracked): ProcStat | undefined {
    if (tracked.statFd !== undefined) {
      const length = this.#readFd(tracked.statFd)
      const stat = length > 0 ? parseStat(this.#buffer, length) : undefined
      if (stat !== undefined) return stat
      this.#closeFd(tracked.statFd)
      tracked.statFd = undefined
    }
    const opened = this.#openAndRead(pid, 'stat', tracked.ranPasses >= KEPT_AFTER_PASSES)
    const stat = opened.length > 0 ? parseStat(this.#buffer, opened.length) : undefined
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
      this.#closeFd(tracked.ioFd)
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
    tracked.lacksExe = details.exe === undefined && !stat.isKernelThread && stat.state !== 'Z'
    tracked.lacksStatus = details.uid === undefined
    return details
  }

  #readIo(pid: number, tracked: Tracked): ProcessIo | undefined {
    if (tracked.ioDenied) return undefined
    let length = tracked.ioFd === undefined ? -1 : this.#readFd(tracked.ioFd)
    if (tracked.ioFd === undefined) {
      const opened = this.#openAndRead(pid, 'io', tracked.ranPasses >= KEPT_AFTER_PASSES)
      length = opened.length
      tracked.ioFd = opened.fd
    }
    const io = length > 0 ? parseIo(this.#buffer, length) : undefined
    if (io === undefined) {
      this.#closeFd(tracked.ioFd)
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
    } catch {
      return undefined
    }
  }

  /** Opens, reads, and keeps the descriptor as far as the budget goes. A length of -1: could not be read. */
  #openAndRead(pid: number, file: string, keep = true): { fd: number | undefined; length: number } {
    let fd: number
    try {
      fd = openSync(join(this.#procfs.root, String(pid), file), 'r')
    } catch {
      return { fd: undefined, length: -1 }
    }
    const length = this.#readFd(fd)
    if (keep && length > 0 && this.#descriptors < this.#descriptorsMax) {
      this.#descriptors++
      return { fd, length }
    }
    closeSync(fd)
    return { fd: undefined, length }
  }

  #readFd(fd: number): number {
    try {
      return readSync(fd, this.#buffer, 0, READ_BYTES, 0)
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      return -1
    }
  }

  #forget(pid: number, tracked: Tracked): void {
    this.#closeFd(tracked.statFd)
    this.#closeFd(tracked.ioFd)
    this.#closeFd(tracked.schedstatFd)
    this.#tracked.delete(pid)
  }

  #closeFd(fd: number | undefined): void {
    if (fd === undefined) return
    closeSync(fd)
    this.#descriptors--
  }

  #bootTime(): number {
    const now = readBootTimeMs(this.#procfs)
    if (this.#bootTimeMs === undefined || Math.abs(now - this.#bootTimeMs) > BOOT_TIME_SLACK_MS) this.#bootTimeMs = now
    return this.#bootTimeMs
  }
}

/** A zombie has no descriptors, which is no fault of ours. */
function countUnreadable(tracked: Tracked, sample: ProcessSample, unreadable: Record<UnreadableSource, number>): void {
  if (sample.io === undefined) unreadable.io++
  if (sample.openFds === undefined && sample.state !== 'Z') unreadable.fd++
  if (tracked.lacksExe) unreadable.exe++
  if (tracked.lacksStatus) unreadable.status++
  if (tracked.lacksLimits) unreadable.limits++
}
