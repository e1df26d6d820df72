/** Owns finding the processes of a program (group) and dead children that nobody collects. Reads /proc, changes nothing. */
import { readProcessIdentity, type ProcessIdentity, type Procfs } from '../../lib/linux/proc-process.ts'
import { listProcesses } from './process-tree.ts'

export type GroupOf = (identity: ProcessIdentity) => string

/** Living processes of the group, oldest first. */
export function membersOf(group: string, procfs: Procfs, groupOf: GroupOf): ProcessIdentity[] {
  return listProcesses(procfs)
    .filter(({ state }) => state !== 'Z' && state !== 'X')
    .flatMap(({ pid }) => readProcessIdentity(pid, procfs) ?? [])
    .filter((identity) => !identity.isKernelThread && groupOf(identity) === group)
    .toSorted((a, b) => a.startTicks - b.startTicks)
}

/** Dead children that are not collected, by the pid of their parent. */
export function zombiesByParent(procfs: Procfs): Map<number, ReadonlyArray<{ readonly pid: number; readonly comm: string }>> {
  return Map.groupBy(
    listProcesses(procfs).filter(({ state }) => state === 'Z'),
    ({ ppid }) => ppid,
  )
}
