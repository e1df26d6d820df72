/** Owns the parsing of what a fanotify descriptor delivers (fanotify(7), linux/fanotify.h). Never reads and never resolves a handle. */

export interface FanotifyEvent {
  /** The process (not the thread) that acted; 0 when it lives outside our pid namespace. */
  readonly pid: number
  readonly isDirectory: boolean
  readonly isCreation: boolean
  readonly isOverflow: boolean
  /** The folder's file system id and file handle, as one latin1 string fit for a map's key; undefined on an overflow. */
  readonly directory: string | undefined
  /** The entry's name within the folder, without the NUL; a view into the buffer given. */
  readonly name: Uint8Array
  /** The same as `directory` for the thing created, where the kernel reports it (Linux 5.17). */
  readonly target: string | undefined
}

export const FAN_CREATE = 0x100
/** A file opened to be executed, as program, script's interpreter or loader (Linux 5.0). */
export const FAN_OPEN_EXEC = 0x1000
export const FAN_ONDIR = 0x4000_0000
const FAN_Q_OVERFLOW = 0x4000

const METADATA_VERSION = 3
const INFO_TYPE_FID = 1
const INFO_TYPE_DFID_NAME = 2
/** struct fanotify_event_metadata: event_len u32, vers u8, reserved u8, metadata_len u16, mask u64, fd s32, pid s32. */
const METADATA_BYTES = 24
/** struct fanotify_event_info_header (4) and __kernel_fsid_t (8), which the struct file_handle follows. */
const INFO_HEADER_BYTES = 4
const FSID_BYTES = 8
const FILE_HANDLE_HEADER_BYTES = 8
const NO_NAME = new Uint8Array(0)

/** Calls `onEvent` for each whole event in the first `size` bytes. Throws on a layout this code does not know. */
export function parseFanotifyEvents(buffer: Buffer, size: number, onEvent: (event: FanotifyEvent) => void): void {
  for (let at = 0; at + METADATA_BYTES <= size;) {
    const eventBytes = buffer.readUInt32LE(at)
    if (buffer[at + 4] !== METADATA_VERSION || eventBytes < METADATA_BYTES || at + eventBytes > size)
      throw new Error('unknown layout of fanotify events')
    onEvent(parseEvent(buffer, at, at + eventBytes))
    at += eventBytes
  }
}

function parseEvent(buffer: Buffer, at: number, end: number): FanotifyEvent {
  const mask = buffer.readUInt32LE(at + 8) // the upper half of the mask holds no flag
  let directory: string | undefined
  let target: string | undefined
  let name: Uint8Array = NO_NAME
  for (let info = at + buffer.readUInt16LE(at + 6); info + INFO_HEADER_BYTES <= end;) {
    const infoBytes = buffer.readUInt16LE(info + 2)
    if (infoBytes < INFO_HEADER_BYTES) break
    const type = buffer[info]
    if (type === INFO_TYPE_DFID_NAME || type === INFO_TYPE_FID) {
      const start = info + INFO_HEADER_BYTES
      const handleEnd = start + FSID_BYTES + FILE_HANDLE_HEADER_BYTES + buffer.readUInt32LE(start + FSID_BYTES)
      const key = buffer.toString('latin1', start, handleEnd)
      if (type === INFO_TYPE_FID) target = key
      else {
        directory = key
        name = untilNul(buffer, handleEnd, info + infoBytes)
      }
    }
    info += infoBytes
  }
  return {
    pid: buffer.readInt32LE(at + 20),
    isDirectory: (mask & FAN_ONDIR) !== 0,
    isCreation: (mask & FAN_CREATE) !== 0,
    isOverflow: (mask & FAN_Q_OVERFLOW) !== 0,
    directory,
    name,
    target,
  }
}

function untilNul(buffer: Buffer, from: number, end: number): Uint8Array {
  const nul = buffer.indexOf(0, from)
  return buffer.subarray(from, nul < 0 || nul > end ? end : nul)
}
