/** The contract between whatever reads processes and the table that keeps them. What could not be read is absent, never 0. */
import type { ProcessDetails } from '../../lib/linux/proc-process.ts'

export interface ProcessIo {
  /** From and to storage (read_bytes and write_bytes of proc_pid_io(5)). */
  readonly readBytes: number
  readonly writtenBytes: number
  /** System calls that read and write, of any kind (syscr and syscw). */
  readonly readOperations: number
  readonly writeOperations: number
}

/** CPU and page faults. */
export interface ProcessUse {
  readonly userSeconds?: number
  readonly systemSeconds?: number
  /** Page faults without and with a read from storage. */
  readonly minorFaults?: number
  readonly majorFaults?: number
}

/** What changes slowly or costs much, as of the last time that it was read. */
export interface ProcessSlow {
  /** Absent on a machine without swap, and for kernel threads and zombies. */
  readonly swapBytes?: number
  /** Of the main thread. */
  readonly voluntarySwitches?: number
  readonly involuntarySwitches?: number
  /** The soft limit of open files; Infinity where there is none. */
  readonly openFdsMax?: number
}

export interface ProcessSample extends ProcessUse {
  readonly pid: number
  /** With the pid, names the process for good. */
  readonly startTicks: number
  readonly startTimeSeconds: number
  readonly ppid: number
  readonly comm: string
  /** One letter, as in proc_pid_stat(5). */
  readonly state: string
  readonly isKernelThread: boolean
  /** Of children that have ended and were waited for, with theirs. */
  readonly children?: ProcessUse
  /** CPU time where the two above cannot be told apart; they are absent then. */
  readonly undividedSeconds?: number
  readonly threads?: number
  readonly virtualBytes: number
  readonly residentBytes: number
  readonly openFds?: number
  readonly io?: ProcessIo
  /** Present when the process is new to the reader or has executed another program; kept by the receiver until then. */
  readonly details?: ProcessDetails
  /** Present when it was read again in this scan; kept by the receiver until then. */
  readonly slow?: ProcessSlow
}

/** CPU time of every kind. */
export function cpuSecondsOf(sample: ProcessSample): number {
  return (sample.userSeconds ?? 0) + (sample.systemSeconds ?? 0) + (sample.undividedSeconds ?? 0)
}

export const UNREADABLE_SOURCES = ['io', 'fd', 'exe', 'status', 'limits'] as const
export type UnreadableSource = (typeof UNREADABLE_SOURCES)[number]

export interface ProcessScan {
  readonly samples: readonly ProcessSample[]
  /** Processes whose source could not be read in this scan. */
  readonly unreadable: Readonly<Record<UnreadableSource, number>>
}

export interface ProcessSource {
  /** One pass over all processes. Rejects when it cannot be made at all. */
  scan(): Promise<ProcessScan>
  close(): Promise<void>
}
