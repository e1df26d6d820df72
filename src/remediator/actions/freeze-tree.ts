/**
 * Owns stopping a whole process tree with SIGSTOP, from the top down: a parent that is stopped cannot make further children,
 * so that after a few looks at the table nothing is left that runs. Whoever calls it decides what comes next.
 */
import { OperationalError } from '../../lib/errors.ts'
import type { Procfs } from '../../lib/linux/proc-process.ts'
import { descendantsOf, listProcesses, type TreeProcess } from '../suspects/process-tree.ts'
import { isAlive } from '../../lib/linux/proc-stat.ts'
import { signalHeld, type HeldProcess, type Holder } from './held-processes.ts'

export interface FrozenTree {
  /** The root first, parents before children; to be released by the caller. */
  readonly held: readonly HeldProcess[]
  /** Processes below the root that may never be touched; they were left as they are. */
  readonly spared: readonly number[]
  /** Processes that could not be stopped, because they belong to another user. */
  readonly denied: readonly number[]
  /** Whether a last look found nothing new. */
  readonly isComplete: boolean
}

/** A bomb adds less with each look, for all that was seen is stopped; more looks than this mean it comes from elsewhere. */
const LOOKS_MAX = 50
/** Each takes a file descriptor of ours. */
const PROCESSES_MAX = 20_000

/** `mayTouch` keeps the never-list in force for what hangs below the root. */
export function freezeTree(root: HeldProcess, holder: Holder, procfs: Procfs, mayTouch: (process: TreeProcess) => boolean): FrozenTree {
  const held = new Map<number, HeldProcess>([[root.pid, root]])
  const spared = new Set<number>()
  const denied = new Set<number>()
  signalHeld(holder, root, 'SIGSTOP')
  for (let look = 0; look < LOOKS_MAX; look++) {
    const processes = listProcesses(procfs)
    // A child whose parent has ended hangs below init now: it is found only below those that were seen before.
    const below = [...held.keys()].flatMap((pid) => descendantsOf(pid, processes))
    const found = below.filter(({ pid, state }) => isAlive(state) && !held.has(pid) && !spared.has(pid) && !denied.has(pid))
    if (found.length === 0) return { held: [...held.values()], spared: [...spared], denied: [...denied], isComplete: true }
    for (const process of found) {
      if (held.has(process.pid)) continue
      if (held.size >= PROCESSES_MAX) return { held: [...held.values()], spared: [...spared], denied: [...denied], isComplete: false }
      if (!mayTouch(process)) spared.add(process.pid)
      else stop(process, holder, held, denied)
    }
  }
  return { held: [...held.values()], spared: [...spared], denied: [...denied], isComplete: false }
}

function stop(process: TreeProcess, holder: Holder, held: Map<number, HeldProcess>, denied: Set<number>): void {
  try {
    const one = holder.hold(process)
    if (one === undefined) return
    held.set(process.pid, one)
    signalHeld(holder, one, 'SIGSTOP')
  } catch (error) {
    if (!(error instanceof OperationalError) || error.reason !== 'denied') throw error
    denied.add(process.pid)
  }
}
