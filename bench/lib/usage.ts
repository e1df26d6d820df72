/** Owns what a process has cost so far: CPU of all its threads, and its memory, as the kernel counts them. */
import { readFileSync, readdirSync } from 'node:fs'

export interface MemoryUse {
  readonly residentBytes: number
  readonly anonymousBytes: number
}

/** CPU in milliseconds, user and system, over all living threads: to the nanosecond, where /proc/PID/stat counts whole ticks. */
export function cpuMs(pid: number): number {
  let nanoseconds = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [onCpu] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')
    nanoseconds += Number(onCpu)
  }
  return nanoseconds / 1e6
}

/** VmRSS and RssAnon of proc_pid_status(5). */
export function memoryUse(pid: number): MemoryUse {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024
  return { residentBytes: bytes('VmRSS'), anonymousBytes: bytes('RssAnon') }
}
