/**
 * Owns telling whether a process has run since it was last asked, from /proc/PID/schedstat (Documentation/scheduler/sched-stats.rst
 * of the kernel): nanoseconds on a CPU and times it was put there. That file costs a fraction of the others. Never opens a file.
 */

/** As of the last look; -1 before the first. */
export interface RunRecord {
  ranNs: number
  timeslices: number
}

const SPACE = 0x20
const DIGIT_0 = 0x30

/**
 * Takes the first `length` bytes of schedstat into `record` and returns whether they are what it held already. False, too,
 * where the kernel counts nothing: every process that lives has been put on a CPU at least once.
 */
export function takeRunRecord(record: RunRecord, bytes: Uint8Array, length: number): boolean {
  const second = bytes.indexOf(SPACE) + 1
  const third = bytes.indexOf(SPACE, second) + 1
  if (second < 1 || third <= second || third >= length) {
    record.ranNs = -1
    return false
  }
  const ranNs = numberAt(bytes, 0, length)
  const timeslices = numberAt(bytes, third, length)
  const same = timeslices > 0 && record.ranNs === ranNs && record.timeslices === timeslices
  record.ranNs = ranNs
  record.timeslices = timeslices
  return same
}

/** Rounded beyond 2^53 ns (104 days on a CPU); then the timeslices alone tell. */
function numberAt(bytes: Uint8Array, from: number, length: number): number {
  let value = 0
  for (let at = from; at < length; at++) {
    const digit = (bytes[at] ?? 0) - DIGIT_0
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  return value
}
