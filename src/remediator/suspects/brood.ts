/**
 * Owns telling a program that multiplies from a supervisor, whose descendants are many programs. Reads /proc; judges nobody by name.
 * A pool of workers is not told apart: its one generation of the same program is what a bomb looks like, too.
 */
import path from 'node:path'
import type { Procfs } from '../../lib/linux/proc-process.ts'
import { isAlive } from '../../lib/linux/proc-stat.ts'
import { fileBehind } from './open-files.ts'
import { descendantsOf, listProcesses, type TreeProcess } from './process-tree.ts'

/** Of all processes below, those of the two most frequent programs (what multiplies, and what it runs); with less, it is a supervisor. */
const ALIKE_SHARE_MIN = 0.8
const LOOKED_AT_MAX = 5_000

/** In words, why the processes below `pid` may be no fork bomb; undefined when nothing speaks for that. */
export function doubtAboutBrood(pid: number, procfs: Procfs): string | undefined {
  const below = alive(pid, procfs)
  const programs = below.slice(0, LOOKED_AT_MAX).map((process) => programOf(process, procfs))
  const counts = [...Map.groupBy(programs, (program) => program).values()].map((same) => same.length).toSorted((a, b) => b - a)
  const alike = (counts[0] ?? 0) + (counts[1] ?? 0)
  if (alike >= ALIKE_SHARE_MIN * programs.length) return undefined
  return `The ${below.length} processes below it are of ${counts.length} programs, as those of a supervisor are.`
}

function alive(pid: number, procfs: Procfs): TreeProcess[] {
  return descendantsOf(pid, listProcesses(procfs)).filter(({ state }) => isAlive(state))
}

function programOf({ pid, comm }: Pick<TreeProcess, 'pid' | 'comm'>, { root }: Procfs): string {
  // Of another user, or ended, only the name is known.
  return fileBehind(path.join(root, String(pid), 'exe')) ?? comm
}
