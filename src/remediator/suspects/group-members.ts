/** Owns finding the processes of a program (group) and dead children that nobody collects. Reads /proc, changes nothing. */
import { readProcessIdentity, type ProcessIdentity, type Procfs } from '../../lib/linux/proc-process.ts'
import { isAlive } from '../../lib/linux/proc-stat.ts'
import { promqlString, type Prometheus, type Sample } from '../prometheus.ts'
import { listProcesses } from './process-tree.ts'

export type GroupOf = (identity: ProcessIdentity) => string

/** Living processes of the group, oldest first. `instance`: this machine's name in Prometheus, as the alert has it. */
export type FindMembers = (group: string, instance: string | undefined) => Promise<ProcessIdentity[]>

/** Prometheus holds the start time as the exporter computed it: wall clocks may have been adjusted since. */
const RECORDED_START_TOLERANCE_MS = 1_000

/**
 * By the names that processes have here, and by what the exporter measured: its configuration may name groups otherwise. A
 * process counts as measured only with the start time that was measured.
 */
export function createFindMembers(procfs: Procfs, groupOf: GroupOf, prometheus: Prometheus | undefined): FindMembers {
  return async (group, instance) => {
    const members = new Map(localMembers(group, procfs, groupOf).map((identity) => [identity.pid, identity]))
    for (const { labels, value } of await measured(group, instance, prometheus)) {
      const pid = Number(labels['pid'])
      const identity = Number.isInteger(pid) && pid > 0 ? readProcessIdentity(pid, procfs) : undefined
      if (identity && isLiving(identity) && Math.abs(value * 1000 - identity.startTimeMs) <= RECORDED_START_TOLERANCE_MS)
        members.set(pid, identity)
    }
    return [...members.values()].toSorted((a, b) => a.startTicks - b.startTicks)
  }
}

function localMembers(group: string, procfs: Procfs, groupOf: GroupOf): ProcessIdentity[] {
  return listProcesses(procfs)
    .flatMap(({ pid }) => readProcessIdentity(pid, procfs) ?? [])
    .filter((identity) => isLiving(identity) && groupOf(identity) === group)
}

function isLiving({ state, isKernelThread }: ProcessIdentity): boolean {
  return !isKernelThread && isAlive(state)
}

async function measured(group: string, instance: string | undefined, prometheus: Prometheus | undefined): Promise<readonly Sample[]> {
  if (!prometheus || instance === undefined) return []
  try {
    return await prometheus.query(`procwarden_process_start_time_seconds{group=${promqlString(group)},instance=${promqlString(instance)}}`)
  } catch {
    // The names that processes have here are left.
    return []
  }
}

/** Dead children that are not collected, by the pid of their parent. */
export function zombiesByParent(procfs: Procfs): Map<number, ReadonlyArray<{ readonly pid: number; readonly comm: string }>> {
  return Map.groupBy(
    listProcesses(procfs).filter(({ state }) => state === 'Z'),
    ({ ppid }) => ppid,
  )
}
