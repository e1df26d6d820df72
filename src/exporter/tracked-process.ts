/** Owns what is kept of one living process between scans, in the shape that the table, the selection and the families share. */
import type { ProcessDetails } from '../lib/linux/proc-process.ts'
import type { ChildLedger } from './child-use.ts'
import type { CounterSet, Group } from './group-counters.ts'
import type { ProcessSample, ProcessSlow } from './sources/process-source.ts'

export interface TrackedProcess {
  readonly pid: number
  readonly startTicks: number
  sample: ProcessSample | undefined
  comm: string
  readonly isKernelThread: boolean
  details: ProcessDetails
  group: Group
  slow: ProcessSlow
  ledger: ChildLedger | undefined
  /** Wall clock when it was first heard of. */
  readonly trackedMs: number
  filesCreated: number
  filesDeleted: number
  /** Of the files it created, how many were compared with other new ones, and how many of those were copies. */
  filesExamined: number
  filesDuplicated: number
  /** Cores, files per second and the share of memory, decaying; see process-selection.ts. */
  activity: number
  /** As of the last selection: CPU and I/O in seconds of a core, and files; the effort is -1 before the first. */
  selectedEffort: number
  selectedFiles: number
  published: boolean
  /** As of the last scrape; see descendants.ts. */
  descendants: number
  brood: number
  childrenToCount: number
  heaviestOther: number
  /** The number of the scan that found it first, and of the last that found it. */
  bornScan: number
  seenScan: number
}

type Known = Pick<TrackedProcess, 'pid' | 'startTicks' | 'comm' | 'isKernelThread' | 'details' | 'group' | 'trackedMs'>

/** One that no scan has found yet. */
export function newTrackedProcess(known: Known): TrackedProcess {
  return {
    ...known,
    sample: undefined,
    slow: {},
    ledger: undefined,
    filesCreated: 0,
    filesDeleted: 0,
    filesExamined: 0,
    filesDuplicated: 0,
    activity: 0,
    selectedEffort: -1,
    selectedFiles: 0,
    published: false,
    descendants: 0,
    brood: 0,
    childrenToCount: 0,
    heaviestOther: 0,
    bornScan: 0,
    seenScan: 0,
  }
}

/** The rising figures of a sample, in the shape that groups add up. */
export function countersOf(sample: ProcessSample, slow: ProcessSlow): CounterSet {
  return {
    userSeconds: sample.userSeconds,
    systemSeconds: sample.systemSeconds,
    undividedSeconds: sample.undividedSeconds,
    minorFaults: sample.minorFaults,
    majorFaults: sample.majorFaults,
    voluntarySwitches: slow.voluntarySwitches,
    involuntarySwitches: slow.involuntarySwitches,
    readBytes: sample.io?.readBytes,
    writtenBytes: sample.io?.writtenBytes,
    readOperations: sample.io?.readOperations,
    writeOperations: sample.io?.writeOperations,
  }
}
