/** Owns the table of living processes as parents and children. Reads /proc, changes nothing. */
import { readdirSync } from 'node:fs'
import { readStat, type Procfs } from '../../lib/linux/proc-process.ts'

export interface TreeProcess {
  readonly pid: number
  readonly ppid: number
  readonly startTicks: number
  readonly state: string
  readonly comm: string
}

/** All processes, zombies among them; those that end while it is read may be missing. */
export function listProcesses(procfs: Procfs): TreeProcess[] {
  return readdirSync(procfs.root).flatMap((name) => {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid <= 0) return []
    const stat = readStat(pid, procfs)
    return stat === undefined ? [] : [{ pid, ppid: stat.ppid, startTicks: stat.startTicks, state: stat.state, comm: stat.comm }]
  })
}

/** All below `pid`, parents before their children. */
export function descendantsOf(pid: number, processes: readonly TreeProcess[]): TreeProcess[] {
  return descendantsOfAny([pid], processes)
}

/** All below any of `roots` that are no roots themselves, parents before their children. One pass over the table, however many roots there are. */
export function descendantsOfAny(roots: Iterable<number>, processes: readonly TreeProcess[]): TreeProcess[] {
  const byParent = Map.groupBy(processes, (process) => process.ppid)
  const found: TreeProcess[] = []
  const seen = new Set(roots)
  for (let level = [...seen]; level.length > 0;) {
    const children = level.flatMap((parent) => byParent.get(parent) ?? []).filter((child) => !seen.has(child.pid))
    for (const child of children) seen.add(child.pid)
    found.push(...children)
    level = children.map((child) => child.pid)
  }
  return found
}
