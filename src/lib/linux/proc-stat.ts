/** Owns the parsing of /proc/PID/stat as bytes (proc_pid_stat(5)). Never reads a file. */
import { bytesToText } from './bytes-text.ts'

export interface ProcStat {
  readonly pid: number
  /** The kernel's name of the process: up to 15 bytes of anything (kernel workers: more), as `bytesToText` shows them. */
  readonly comm: string
  /** One letter: R S D Z T t X I. */
  readonly state: string
  readonly ppid: number
  /** Page faults without and with a read from storage. */
  readonly minorFaults: number
  readonly majorFaults: number
  readonly userTicks: number
  readonly systemTicks: number
  /** The same of children that have ended and were waited for, with theirs. */
  readonly childMinorFaults: number
  readonly childMajorFaults: number
  readonly childUserTicks: number
  readonly childSystemTicks: number
  readonly threads: number
  /** Ticks between the boot and the start of the process. With the pid it names a process for good. */
  readonly startTicks: number
  readonly virtualBytes: number
  readonly residentPages: number
  readonly isKernelThread: boolean
  /** Changes with every exec (address of the stack's start, randomised); 0 where it may not be read. */
  readonly stackStart: number
}

/** Z (a zombie) and X are dead already; X was once written small. Without a state there is no process. */
export function isAlive(state: string | undefined): boolean {
  return state !== undefined && state !== 'Z' && state !== 'X' && state !== 'x'
}

const OPEN = 0x28
const CLOSE = 0x29
const SPACE = 0x20
const DIGIT_0 = 0x30
/** Field numbers of proc_pid_stat(5), counted from the state, which is field 3 there and 0 here. */
const LAST_FIELD = 25
/** PF_KTHREAD of linux/sched.h. */
const KERNEL_THREAD_FLAG = 0x0020_0000

/**
 * Parses the first `length` bytes of `bytes`. The name may itself hold ')' and spaces, so fields are counted from the
 * last ')'. Returns undefined when the bytes are not a stat line.
 */
export function parseStat(bytes: Uint8Array, length: number = bytes.length): ProcStat | undefined {
  const open = bytes.indexOf(OPEN)
  const close = bytes.lastIndexOf(CLOSE, length - 1)
  if (open < 1 || close <= open || close + 3 >= length) return undefined
  const fields = parseFields(bytes, close + 3, length)
  const pid = parseNumber(bytes, 0, open - 1)
  if (fields === undefined || pid === undefined) return undefined
  const field = (index: number): number => fields[index] ?? 0
  return {
    pid,
    comm: bytesToText(bytes.subarray(open + 1, close)),
    state: String.fromCharCode(bytes[close + 2] ?? 0),
    ppid: field(1),
    minorFaults: field(7),
    childMinorFaults: field(8),
    majorFaults: field(9),
    childMajorFaults: field(10),
    userTicks: field(11),
    systemTicks: field(12),
    childUserTicks: field(13),
    childSystemTicks: field(14),
    threads: field(17),
    startTicks: field(19),
    virtualBytes: field(20),
    residentPages: field(21),
    stackStart: field(25),
    isKernelThread: Math.floor(field(6) / KERNEL_THREAD_FLAG) % 2 === 1,
  }
}

/** The numbers after the state; index 0 stays the state's place. Undefined when there are too few or one is not a number. */
function parseFields(bytes: Uint8Array, from: number, length: number): number[] | undefined {
  const fields: number[] = [0]
  let at = from
  while (fields.length <= LAST_FIELD) {
    let end = at + 1
    while (end < length && (bytes[end] ?? 0) > SPACE) end++
    const value = at < length ? parseNumber(bytes, at + 1, end) : undefined
    if (value === undefined) return undefined
    fields.push(value)
    at = end
  }
  return fields
}

/** Beyond 2^53 the value is rounded, which matters to none of the fields used. */
function parseNumber(bytes: Uint8Array, from: number, to: number): number | undefined {
  const negative = bytes[from] === 0x2d
  let value = 0
  for (let at = negative ? from + 1 : from; at < to; at++) {
    const digit = (bytes[at] ?? 0) - DIGIT_0
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return to > from ? (negative ? -value : value) : undefined
}
