/** Owns the parsing of what the kernel's proc connector delivers (linux/netlink.h, linux/connector.h, linux/cn_proc.h). Never reads. */
import { bytesToText } from './bytes-text.ts'

interface EventBase {
  /** The process (thread group), in the first pid namespace. Events of threads other than the leader are left out. */
  readonly pid: number
}

export type ProcEvent =
  | (EventBase & { readonly kind: 'fork'; readonly parentPid: number })
  | (EventBase & { readonly kind: 'exec' })
  | (EventBase & { readonly kind: 'comm'; readonly comm: string })
  | (EventBase & { readonly kind: 'exit'; readonly code: number; readonly signal: number; readonly dumpedCore: boolean })

/** The kernel's answer to a request to listen: 0, or an errno such as EPERM. */
export interface ProcAck {
  readonly errno: number
}

export interface ProcEventSink {
  event(event: ProcEvent): void
  ack?(ack: ProcAck): void
  /** Called for each event of any kind and thread, and for each answer: a gap in the numbers of one CPU is what was lost. */
  sequence?(cpu: number, sequence: number): void
}

/** enum proc_cn_event; PROC_EVENT_NONE bears the answer to our own request. */
const EVENT_NONE = 0
const EVENT_FORK = 0x1
const EVENT_EXEC = 0x2
const EVENT_COMM = 0x200
const EVENT_EXIT = 0x8000_0000
const CN_IDX_PROC = 1
const CN_VAL_PROC = 1
/** struct nlmsghdr: len u32, type u16, flags u16, seq u32, pid u32. */
const NETLINK_HEADER_BYTES = 16
/** struct cn_msg: idx u32, val u32, seq u32, ack u32, len u16, flags u16. */
const CONNECTOR_HEADER_BYTES = 20
/** struct proc_event: what u32, cpu u32, timestamp u64, then what belongs to the kind. */
const EVENT_HEADER_BYTES = 16
const COMM_BYTES = 16
/** As an answer bears it until it is sent. */
const CPU_UNKNOWN = 0xffff_ffff
const DUMPED_CORE = 0x80

/** Tells the sink of each whole event in the first `size` bytes; messages that are not the connector's are passed over. */
export function parseProcEvents(bytes: Buffer, size: number, sink: ProcEventSink): void {
  for (let at = 0; at + NETLINK_HEADER_BYTES <= size;) {
    const messageBytes = bytes.readUInt32LE(at)
    if (messageBytes < NETLINK_HEADER_BYTES || at + messageBytes > size) return
    parseMessage(bytes, at + NETLINK_HEADER_BYTES, at + messageBytes, sink)
    at += (messageBytes + 3) & ~3
  }
}

function parseMessage(bytes: Buffer, at: number, end: number, sink: ProcEventSink): void {
  const event = at + CONNECTOR_HEADER_BYTES
  const data = event + EVENT_HEADER_BYTES
  // Newer kernels lengthen the union behind the header, so only what a kind needs is asked for.
  if (data + 4 > end || bytes.readUInt32LE(at) !== CN_IDX_PROC || bytes.readUInt32LE(at + 4) !== CN_VAL_PROC) return
  const what = bytes.readUInt32LE(event)
  // The kernel counts its answers among the events of a CPU (send_msg of drivers/connector/cn_proc.c), and every listener gets
  // those to all others.
  const cpu = bytes.readUInt32LE(event + 4)
  if (cpu !== CPU_UNKNOWN) sink.sequence?.(cpu, bytes.readUInt32LE(at + 8))
  if (what === EVENT_NONE) {
    sink.ack?.({ errno: bytes.readUInt32LE(data) })
    return
  }
  const parsed = parseEvent(bytes, what, data, end)
  if (parsed !== undefined) sink.event(parsed)
}

function parseEvent(bytes: Buffer, what: number, data: number, end: number): ProcEvent | undefined {
  if (data + (what === EVENT_COMM ? 8 + COMM_BYTES : what === EVENT_EXEC ? 8 : 16) > end) return undefined
  const pid = bytes.readInt32LE(data)
  const tgid = bytes.readInt32LE(data + 4)
  if (what === EVENT_FORK) {
    const childPid = bytes.readInt32LE(data + 8)
    return childPid === bytes.readInt32LE(data + 12) ? { kind: 'fork', pid: childPid, parentPid: tgid } : undefined
  }
  if (pid !== tgid) return undefined
  if (what === EVENT_EXEC) return { kind: 'exec', pid }
  if (what === EVENT_COMM) return { kind: 'comm', pid, comm: untilNul(bytes.subarray(data + 8, data + 8 + COMM_BYTES)) }
  if (what !== EVENT_EXIT) return undefined
  // As waitpid(2) reports it: the code in the second byte, the signal in the lowest seven bits.
  const status = bytes.readUInt32LE(data + 8)
  return { kind: 'exit', pid, code: (status >>> 8) & 0xff, signal: status & 0x7f, dumpedCore: (status & DUMPED_CORE) !== 0 }
}

function untilNul(bytes: Buffer): string {
  const nul = bytes.indexOf(0)
  return bytesToText(bytes.subarray(0, nul < 0 ? bytes.length : nul))
}
