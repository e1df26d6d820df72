/** Owns noticing processes as they begin: many live for a millisecond, and a list of processes rarely shows them. Reads /proc, judges nobody. */
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs'
import path from 'node:path'
import { attempt } from './open-files.ts'

/** Those before them have mostly ended. */
const KEPT_MAX = 4
/** Of what began since the last look, no more than these are looked at: between two slices thousands may. */
const TAKEN_MAX = 4
const LINE_BYTES_MAX = 128

export interface Newcomers {
  /** The newest processes that are still there, begun since the watch did. Costs a system call or two while none begins. */
  newest(): readonly number[]
  close(): void
}

export function watchNewcomers(procfsRoot: string): Newcomers {
  const fd = attempt(() => openSync(path.join(procfsRoot, 'loadavg'), 'r'))
  const line = Buffer.alloc(LINE_BYTES_MAX)
  const lastBegun = (): number | undefined =>
    fd === undefined ? undefined : attempt(() => lastPidOf(line, readSync(fd, line, 0, line.length, 0)))
  let lastPid = lastBegun()
  let newest: readonly number[] = []
  return {
    newest: () => {
      if (newest.length > 0) newest = newest.filter((pid) => existsSync(path.join(procfsRoot, String(pid))))
      const pid = lastBegun()
      if (pid === undefined || lastPid === undefined || pid === lastPid) return newest
      // Pids are handed out in order, and after the highest from the beginning.
      const begun = pid > lastPid ? Math.min(pid - lastPid, TAKEN_MAX) : 1
      lastPid = pid
      const taken = Array.from({ length: begun }, (_, index) => pid - begun + 1 + index).filter((each) => isProcess(each, procfsRoot))
      newest = [...newest, ...taken].slice(-KEPT_MAX)
      return newest
    },
    close: () => {
      if (fd !== undefined) closeSync(fd)
    },
  }
}

/** The last field of /proc/loadavg: the process, or thread, that began last (proc_loadavg(5)). */
function lastPidOf(line: Buffer, length: number): number | undefined {
  const text = line.toString('latin1', 0, length)
  const pid = Number(text.slice(text.lastIndexOf(' ') + 1))
  return Number.isInteger(pid) && pid > 0 ? pid : undefined
}

/** Threads have numbers too, and the files of their process: they would pass for another writer of these. */
function isProcess(pid: number, procfsRoot: string): boolean {
  const status = attempt(() => readFileSync(path.join(procfsRoot, String(pid), 'status'), 'latin1'))
  return status !== undefined && /^Tgid:\s*(\d+)$/m.exec(status)?.[1] === String(pid)
}
