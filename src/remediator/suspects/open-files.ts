/** Owns looking at what another process has open and how often it reads and writes, from /proc. What cannot be looked at is absent. */
import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { parseIo, type ProcIo } from '../../lib/linux/proc-io.ts'

/** After each slice of looking other work gets its turn. */
export const SLICE_MS = 15
/** A new file gets the lowest free descriptor (open(2)); threads that open side by side take the next ones. */
export const FREE_DESCRIPTORS_PROBED = 3

/** How the file behind /proc/PID/fd/N is open. A closed descriptor costs one system call. */
export function openFor(link: string): 'reading' | 'writing' | undefined {
  // The link's own mode tells: bit 0200 is for writing (proc_pid_fd(5)).
  const stats = attempt(() => lstatSync(link, { throwIfNoEntry: false }))
  return stats && ((stats.mode & 0o200) === 0 ? 'reading' : 'writing')
}

export function fileBehind(link: string): string | undefined {
  return attempt(() => readlinkSync(link))
}

/** Of other users' processes only with the privilege to read it. sendfile(2) and copy_file_range(2) count as both, reading and writing. */
export function callsOf(procfsRoot: string, pid: number): Pick<ProcIo, 'readSyscalls' | 'writeSyscalls'> | undefined {
  return attempt(() => parseIo(readFileSync(path.join(procfsRoot, String(pid), 'io'))))
}

/** Processes and descriptors vanish between two calls, and others' are closed to us. */
export function attempt<Result>(call: () => Result): Result | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}
