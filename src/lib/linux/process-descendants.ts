/** Owns finding all processes below one, in whatever group or session they are. Reads /proc; elsewhere it finds none. */
import { readFileSync, readdirSync } from 'node:fs'
import { parseStat } from './proc-stat.ts'

export interface FoundProcess {
  readonly pid: number
  readonly ppid: number
  /** With the pid, its identity (proc_pid_stat(5)). */
  readonly startTicks: number
}

export function findDescendants(pid: number): FoundProcess[] {
  const byParent = Map.groupBy(listProcesses(), (process) => process.ppid)
  const found = new Map<number, FoundProcess>()
  for (let level = [pid]; level.length > 0;) {
    const children = level.flatMap((parent) => byParent.get(parent) ?? []).filter((child) => !found.has(child.pid))
    for (const child of children) found.set(child.pid, child)
    level = children.map((child) => child.pid)
  }
  return [...found.values()]
}

/** Whether the pid is still the same process. */
export function isStill({ pid, startTicks }: FoundProcess): boolean {
  return readProcess(pid)?.startTicks === startTicks
}

function listProcesses(): FoundProcess[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readProcess(Number(name)) ?? []) : []))
  } catch {
    return []
  }
}

function readProcess(pid: number): FoundProcess | undefined {
  try {
    const stat = parseStat(readFileSync(`/proc/${pid}/stat`))
    return stat && { pid, ppid: stat.ppid, startTicks: stat.startTicks }
  } catch {
    return undefined
  }
}
