/** Owns the parsing of /proc/PID/status and /proc/PID/limits (proc_pid_status(5), proc_pid_limits(5)). Never reads a file. */

export interface ProcStatus {
  /** The real user id. */
  readonly uid: number | undefined
  /** Absent for kernel threads and zombies. */
  readonly swapBytes: number | undefined
  /** Of the main thread. */
  readonly voluntarySwitches: number | undefined
  readonly involuntarySwitches: number | undefined
}

/** Lines are found at their start: the name above them is hostile, and the kernel writes its newlines as \n (two characters). */
export function parseStatus(bytes: Buffer): ProcStatus {
  const text = bytes.toString('latin1')
  const swapKib = numberIn(/^VmSwap:\s*(\d+) kB$/m, text)
  return {
    uid: numberIn(/^Uid:\t(\d+)/m, text),
    swapBytes: swapKib === undefined ? undefined : swapKib * 1024,
    voluntarySwitches: numberIn(/^voluntary_ctxt_switches:\t(\d+)$/m, text),
    involuntarySwitches: numberIn(/^nonvoluntary_ctxt_switches:\t(\d+)$/m, text),
  }
}

/** How many files the process may have open (the soft limit); Infinity where unlimited. */
export function parseOpenFilesMax(bytes: Buffer): number | undefined {
  const match = /^Max open files\s+(\d+|unlimited)\s/m.exec(bytes.toString('latin1'))
  if (match?.[1] === undefined) return undefined
  return match[1] === 'unlimited' ? Infinity : Number(match[1])
}

function numberIn(pattern: RegExp, text: string): number | undefined {
  const match = pattern.exec(text)
  return match?.[1] === undefined ? undefined : Number(match[1])
}
