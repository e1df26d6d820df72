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

export interface ProcessSample {
  readonly pid: number
  /** With the pid, names the process for good. */
  readonly startTicks: number
  readonly startTimeSeconds: number
  readonly ppid: number
  readonly comm: string
  /** One letter, as in proc_pid_stat(5). */
  readonly state: string
  readonly isKernelThread: boolean
  readonly userSeconds: number
  readonly systemSeconds: number
  readonly threads: number
  readonly virtualBytes: number
  readonly residentBytes: number
  readonly openFds?: number
  readonly io?: ProcessIo
  /** Present when the process is new to the reader or has executed another program; kept by the receiver until then. */
  readonly details?: ProcessDetails
}

export const UNREADABLE_SOURCES = ['io', 'fd', 'exe', 'status'] as const
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
