/** Owns the question whether a process began after a moment, on the boot clock: wall-clock jumps do not matter. */
import type { Procfs } from '../../lib/linux/proc-process.ts'
import type { Since } from './service-manager.ts'

/** The kernel tells start times and uptime in steps of 10 ms each. */
const RESOLUTION_MS = 20

export function startedSince(startTicks: number, since: Since, procfs: Procfs): boolean {
  return (startTicks * 1000) / procfs.units.clockTicksPerSecond >= since.boot.ms - RESOLUTION_MS
}
