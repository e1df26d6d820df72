/** Owns what a scanner remembers of a process between two passes. Never reads. */
import type { Placement } from '../../lib/linux/proc-cgroup.ts'
import type { ProcessSample, UnreadableSource } from './process-source.ts'
import type { RunRecord } from './run-record.ts'

/** What is remembered of a process between passes. */
export interface Tracked {
  statFd: number | undefined
  ioFd: number | undefined
  ioDenied: boolean
  startTicks: number
  comm: string
  stackStart: number
  placement: Placement
  /** Whether its cgroup was looked at again after its start. */
  isSettled: boolean
  lacksExe: boolean
  lacksStatus: boolean
  lacksLimits: boolean
  pass: number
  schedstatFd: number | undefined
  readonly run: RunRecord
  /** Passes in a row in which it had run. */
  ranPasses: number
  /** Whether it may have run since its status and limits were last read. */
  ranSinceSlow: boolean
  /** As of the last pass that read it, without details. */
  sample: ProcessSample | undefined
}

export function newTracked(): Tracked {
  return {
    statFd: undefined,
    ioFd: undefined,
    ioDenied: false,
    startTicks: -1,
    comm: '',
    stackStart: 0,
    placement: {},
    isSettled: false,
    lacksExe: false,
    lacksStatus: false,
    lacksLimits: false,
    pass: 0,
    schedstatFd: undefined,
    run: { ranNs: -1, timeslices: -1 },
    ranPasses: 0,
    ranSinceSlow: true,
    sample: undefined,
  }
}

/** A zombie has no descriptors, which is no fault of ours. */
export function countUnreadable(tracked: Tracked, sample: ProcessSample, unreadable: Record<UnreadableSource, number>): void {
  if (sample.io === undefined) unreadable.io++
  if (sample.openFds === undefined && sample.state !== 'Z') unreadable.fd++
  if (tracked.lacksExe) unreadable.exe++
  if (tracked.lacksStatus) unreadable.status++
  if (tracked.lacksLimits) unreadable.limits++
}
