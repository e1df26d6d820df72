/** Owns what a scan reads rarely: status and limits of a process, and facts of the machine that decide how to read. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../lib/errors.ts'
import { startTimeMs, type Procfs } from '../../lib/linux/proc-process.ts'
import type { ProcStat } from '../../lib/linux/proc-stat.ts'
import type { KernelUnits } from '../../lib/linux/sysconf.ts'
import { parseOpenFilesMax, parseStatus } from '../../lib/linux/proc-status.ts'
import { isOutOfDescriptors } from './kept-files.ts'
import type { ProcessSample, ProcessSlow, ProcessUse } from './process-source.ts'

/** What could not be read is absent. */
export function readSlow(pid: number, procfs: Procfs, machineHasSwap: boolean): ProcessSlow {
  const directory = join(procfs.root, String(pid))
  const status = readWhole(join(directory, 'status'), parseStatus)
  const openFdsMax = readWhole(join(directory, 'limits'), parseOpenFilesMax)
  return {
    ...(status?.swapBytes === undefined || !machineHasSwap ? {} : { swapBytes: status.swapBytes }),
    ...(status?.voluntarySwitches === undefined ? {} : { voluntarySwitches: status.voluntarySwitches }),
    ...(status?.involuntarySwitches === undefined ? {} : { involuntarySwitches: status.involuntarySwitches }),
    ...(openFdsMax === undefined ? {} : { openFdsMax }),
  }
}

/** Asked of our own process: its descriptors are open to us on every kernel. */
export function fdSizeCounts(procfs: Procfs): boolean {
  try {
    return statSync(join(procfs.root, 'self/fd')).size > 0
  } catch {
    return false
  }
}

/** proc_swaps(5): a heading, then a line for each area in use. */
export function hasSwap(procfs: Procfs): boolean {
  try {
    return readFileSync(join(procfs.root, 'swaps'), 'latin1').trimEnd().includes('\n')
  } catch {
    return false
  }
}

/** The soft limit of /proc/self/limits; 1024, the kernel's usual one, where it cannot be read. */
export function openFilesMax(procfs: Procfs): number {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync(join(procfs.root, 'self/limits'), 'latin1'))
    return match?.[1] === undefined ? 1024 : Number(match[1])
  } catch {
    return 1024
  }
}

/** What stat alone tells. */
export function figuresOf(pid: number, stat: ProcStat, bootTimeMs: number, units: KernelUnits): ProcessSample {
  return {
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
  }
}

/** Of all those that have buried no child: one object, which stays one when it is handed to another thread. */
const NO_CHILD_USE: ProcessUse = Object.freeze({ userSeconds: 0, systemSeconds: 0, minorFaults: 0, majorFaults: 0 })

function childUse(stat: ProcStat, ticksPerSecond: number): ProcessUse {
  if (stat.childUserTicks + stat.childSystemTicks + stat.childMinorFaults + stat.childMajorFaults === 0) return NO_CHILD_USE
  return {
    userSeconds: stat.childUserTicks / ticksPerSecond,
    systemSeconds: stat.childSystemTicks / ticksPerSecond,
    minorFaults: stat.childMinorFaults,
    majorFaults: stat.childMajorFaults,
  }
}

function readWhole<Value>(path: string, parse: (bytes: Buffer) => Value): Value | undefined {
  try {
    return parse(readFileSync(path))
  } catch (error) {
    if (errnoOf(error) === undefined || isOutOfDescriptors(error)) throw error
    return undefined
  }
}
