/** Owns the parsing of what a fanotify descriptor delivers (fanotify(7), linux/fanotify.h). Never reads and never resolves a handle. */

export const FAN_CLOSE_WRITE = 0x8
export const FAN_MOVED_TO = 0x80
export const FAN_CREATE = 0x100
export const FAN_DELETE = 0x200
/** A file opened to be executed, as program, script's interpreter or loader (Linux 5.0). */
export const FAN_OPEN_EXEC = 0x1000
export const FAN_Q_OVERFLOW = 0x4000
export const FAN_ONDIR = 0x4000_0000

const METADATA_VERSION = 3
const INFO_TYPE_FID = 1
const INFO_TYPE_DFID_NAME = 2
/** struct fanotify_event_metadata: event_len u32, vers u8, reserved u8, metadata_len u16, mask u64, fd s32, pid s32. */
const METADATA_BYTES = 24
/** struct fanotify_event_info_header (4) and __kernel_fsid_t (8), which the struct file_handle follows. */
const INFO_HEADER_BYTES = 4
const FSID_BYTES = 8
const FILE_HANDLE_HEADER_BYTES = 8

/**
 * Walks over the events in a buffer that is filled again and again: one object for all of them, because a storm is hundreds of
 * thousands. The fields are those of the event that `next` went to.
 */
export class FanotifyCursor {
  readonly #buffer: Buffer
  #size = 0
  #next = 0
  /** One event may stand for several things that happened to one name. */
  mask = 0
  /** The process (not the thread) that acted; 0 when it lives outside our pid namespace. */
  pid = 0
  #directoryAt = 0
  #directoryEnd = 0
  #nameAt = 0
  #nameEnd = 0
  #targetAt = 0
  #targetEnd = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  /** The buffer has been filled anew with `size` bytes. */
  begin(size: number): void {
    this.#size = size
    this.#next = 0
    this.#directoryEnd = this.#directoryAt
  }

  /** False after the last whole event. Throws on a layout this code does not know. */
  next(): boolean {
    const buffer = this.#buffer
    const at = this.#next
    if (at + METADATA_BYTES > this.#size) return false
    const eventBytes = buffer.readUInt32LE(at)
    const end = at + eventBytes
    if (buffer[at + 4] !== METADATA_VERSION || eventBytes < METADATA_BYTES || end > this.#size)
      throw new Error('unknown layout of fanotify events')
    this.mask = buffer.readUInt32LE(at + 8) // the upper half of the mask holds no flag
    this.pid = buffer.readInt32LE(at + 20)
    this.#directoryAt = this.#directoryEnd = this.#nameAt = this.#nameEnd = this.#targetAt = this.#targetEnd = at
    for (let info = at + buffer.readUInt16LE(at + 6); info + INFO_HEADER_BYTES <= end;) {
      const infoBytes = buffer.readUInt16LE(info + 2)
      if (infoBytes < INFO_HEADER_BYTES) break
      this.#takeInfo(info, Math.min(info + infoBytes, end))
      info += infoBytes
    }
    this.#next = end
    return true
  }

  /** False on an overflow. */
  get hasDirectory(): boolean {
    return this.#directoryEnd > this.#directoryAt
  }

  /** Whether the folder is that of `key`, without making a string of it. */
  isDirectory(key: Uint8Array, length: number): boolean {
    const at = this.#directoryAt
    if (this.#directoryEnd - at !== length) return false
    for (let index = 0; index < length; index++) if (this.#buffer[at + index] !== key[index]) return false
    return true
  }

  /** Copies the folder's file system id and handle to `key` and returns their length. */
  copyDirectory(key: Uint8Array): number {
    return this.#buffer.copy(key, 0, this.#directoryAt, this.#directoryEnd)
  }

  /** The folder's file system id and file handle, as one latin1 string fit for a map's key; undefined on an overflow. */
  directory(): string | undefined {
    return this.hasDirectory ? this.#buffer.toString('latin1', this.#directoryAt, this.#directoryEnd) : undefined
  }

  isNamed(name: Uint8Array): boolean {
    const at = this.#nameAt
    if (this.#nameEnd - at !== name.length) return false
    for (let index = 0; index < name.length; index++) if (this.#buffer[at + index] !== name[index]) return false
    return true
  }

  /** The entry's name within the folder, without the NUL; a view that the next filling overwrites. */
  name(): Buffer {
    return this.#buffer.subarray(this.#nameAt, this.#nameEnd)
  }

  /** The same as `directory` for the thing itself, where the kernel reports it (Linux 5.17). */
  target(): string | undefined {
    return this.#targetEnd > this.#targetAt ? this.#buffer.toString('latin1', this.#targetAt, this.#targetEnd) : undefined
  }

  #takeInfo(info: number, end: number): void {
    const buffer = this.#buffer
    const type = buffer[info]
    if (type !== INFO_TYPE_DFID_NAME && type !== INFO_TYPE_FID) return
    const start = info + INFO_HEADER_BYTES
    const handleEnd = start + FSID_BYTES + FILE_HANDLE_HEADER_BYTES + buffer.readUInt32LE(start + FSID_BYTES)
    if (type === INFO_TYPE_FID) {
      this.#targetAt = start
      this.#targetEnd = handleEnd
      return
    }
    this.#directoryAt = start
    this.#directoryEnd = handleEnd
    let nameEnd = handleEnd
    while (nameEnd < end && buffer[nameEnd] !== 0) nameEnd++
    this.#nameAt = handleEnd
    this.#nameEnd = nameEnd
  }
}
