/** Owns the parsing of /proc/PID/io as bytes (proc_pid_io(5)). Never reads a file. */

export interface ProcIo {
  readonly readSyscalls: number
  readonly writeSyscalls: number
  /** From storage, page cache excluded. */
  readonly readBytes: number
  /** To storage, counted when the page is dirtied. */
  readonly writeBytes: number
}

/** Parses the first `length` bytes; undefined when a line is missing. */
export function parseIo(bytes: Buffer, length: number = bytes.length): ProcIo | undefined {
  const text = bytes.toString('latin1', 0, length)
  const match = /syscr: (\d+)\nsyscw: (\d+)\nread_bytes: (\d+)\nwrite_bytes: (\d+)\n/.exec(text)
  if (match === null) return undefined
  return { readSyscalls: Number(match[1]), writeSyscalls: Number(match[2]), readBytes: Number(match[3]), writeBytes: Number(match[4]) }
}
