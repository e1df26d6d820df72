/** Owns reading who one process is from /proc/PID: identity, command line, executable, user. Never samples figures. */
import { closeSync, openSync, readFileSync, readSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { errnoOf } from '../errors.ts'
import { bytesToText } from './bytes-text.ts'
import { parseCgroup, type Placement } from './proc-cgroup.ts'
import { parseStat } from './proc-stat.ts'
import { readKernelUnits, type KernelUnits } from './sysconf.ts'

/** Where /proc is and in which units it speaks. */
export interface Procfs {
  readonly root: string
  readonly units: KernelUnits
  readonly clock: Pick<Clock, 'nowMs'>
}

export interface ProcessDetails {
  /** The executable's path; absent when it may not be read and for kernel threads. */
  readonly exe?: string
  /** The arguments, at most 64 of them within the first 4096 bytes; empty for kernel threads and zombies. */
  readonly cmdline: readonly string[]
  /** The real user id; absent when it may not be read. */
  readonly uid?: number
  /** The systemd unit it runs in, such as `nginx.service`. */
  readonly unit?: string | undefined
  /** The short id of its container. */
  readonly container?: string | undefined
}

export interface ProcessIdentity extends ProcessDetails {
  readonly pid: number
  /** With the pid, names the process for good: ticks between the boot and its start. */
  readonly startTicks: number
  /** Milliseconds since the Unix epoch, on the wall clock as it is now; exact to about 10 ms. */
  readonly startTimeMs: number
  readonly ppid: number
  readonly comm: string
  /** One letter, as in proc_pid_stat(5); Z and X are dead already. */
  readonly state: string
  readonly isKernelThread: boolean
}

const CMDLINE_BYTES_MAX = 4096
const CMDLINE_ARGUMENTS_MAX = 64

export function createProcfs(clock: Pick<Clock, 'nowMs'>, root = '/proc'): Procfs {
  return { root, units: readKernelUnits(), clock }
}

/**
 * Who `pid` is now, or undefined when there is no such process (it may also be hidden: hidepid of proc(5)).
 * The start time is read before and after the rest, so that a pid recycled meanwhile cannot mix two processes.
 */
export function readProcessIdentity(pid: number, procfs: Procfs): ProcessIdentity | undefined {
  const stat = readStat(pid, procfs)
  if (stat === undefined) return undefined
  const details = readProcessDetails(pid, procfs)
  const after = readStat(pid, procfs)
  if (after?.startTicks !== stat.startTicks) return undefined
  // One that ends meanwhile has lost its details: the later state tells.
  const { startTicks, ppid, comm, state, isKernelThread } = after
  return {
    pid,
    startTicks,
    startTimeMs: startTimeMs(startTicks, readBootTimeMs(procfs), procfs.units),
    ppid,
    comm,
    state,
    isKernelThread,
    ...details,
  }
}

/**
 * Whether all that is left of a process is its short name: one that is about to end has given its memory back, and with it its
 * arguments and the link to its executable, before its state says so.
 */
export function isBare({ exe, cmdline }: ProcessDetails, isKernelThread: boolean): boolean {
  return !isKernelThread && exe === undefined && cmdline.length === 0
}

/** What changes only with an exec. Whatever cannot be read is absent. */
export function readProcessDetails(pid: number, procfs: Procfs): ProcessDetails {
  const directory = join(procfs.root, String(pid))
  const exe = attempt(() => parseExe(readlinkSync(join(directory, 'exe'), { encoding: 'buffer' })))
  const cmdline = attempt(() => parseCmdline(readStart(join(directory, 'cmdline'), CMDLINE_BYTES_MAX))) ?? []
  const uid = attempt(() => parseUid(readFileSync(join(directory, 'status'))))
  const placement = readPlacement(pid, procfs)
  return { cmdline, ...(exe === undefined ? {} : { exe }), ...(uid === undefined ? {} : { uid }), ...placement }
}

/** Its systemd unit and container, which others may change at any time; undefined when it cannot be read. */
export function readPlacement(pid: number, procfs: Procfs): Placement | undefined {
  return attempt(() => parseCgroup(readFileSync(join(procfs.root, String(pid), 'cgroup'), 'latin1')))
}

/** The parent, the start time and the name alone: two system calls, for the busy paths. */
export function readStat(pid: number, procfs: Procfs): ReturnType<typeof parseStat> {
  return attempt(() => parseStat(readFileSync(join(procfs.root, String(pid), 'stat'))))
}

/**
 * When the machine booted on today's wall clock, in milliseconds. /proc/uptime counts on the same clock as start times;
 * `btime` of /proc/stat is whole seconds and moves when the clock is set.
 */
export function readBootTimeMs(procfs: Procfs): number {
  const uptimeSeconds = Number.parseFloat(readFileSync(join(procfs.root, 'uptime'), 'latin1'))
  return procfs.clock.nowMs() - uptimeSeconds * 1000
}

/** Milliseconds since the Unix epoch. */
export function startTimeMs(startTicks: number, bootTimeMs: number, units: KernelUnits): number {
  return bootTimeMs + (startTicks * 1000) / units.clockTicksPerSecond
}

/** The link's target without the mark the kernel puts on a replaced or removed file. */
export function parseExe(link: Uint8Array): string {
  return bytesToText(link).replace(/ \(deleted\)$/, '')
}

/** Arguments are ended by NUL; a program that wrote its own title over them may have left none (proc_pid_cmdline(5)). */
export function parseCmdline(bytes: Uint8Array): string[] {
  const args: string[] = []
  for (let at = 0; at < bytes.length && args.length < CMDLINE_ARGUMENTS_MAX;) {
    const end = bytes.indexOf(0, at)
    args.push(bytesToText(bytes.subarray(at, end < 0 ? bytes.length : end)))
    at = end < 0 ? bytes.length : end + 1
  }
  while (args.at(-1) === '') args.pop()
  return args
}

/** The real user id of /proc/PID/status (proc_pid_status(5)). The line is found at a line's start: the name above it is hostile. */
export function parseUid(bytes: Buffer): number | undefined {
  // The kernel writes a newline in Name as \n (two characters), so a line start is the kernel's own.
  const match = /^Uid:\t(\d+)/m.exec(bytes.toString('latin1'))
  return match?.[1] === undefined ? undefined : Number(match[1])
}

/** The first bytes of a file whose length another program chooses. */
function readStart(path: string, bytesMax: number): Buffer {
  const fd = openSync(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(bytesMax)
    return buffer.subarray(0, readSync(fd, buffer, 0, bytesMax, 0))
  } finally {
    closeSync(fd)
  }
}

/** A process may vanish or be closed to us between any two system calls: both are an answer here, not a failure. */
function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM' || code === 'EIO') return undefined
    throw error
  }
}
