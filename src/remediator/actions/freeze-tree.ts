/**
 * Owns stopping a whole process tree with SIGSTOP, from the top down: a parent that is stopped cannot make further children,
 * so that after a few looks at the table nothing is left that runs. Whoever calls it decides what comes next.
 */
import { OperationalError } from '../../lib/errors.ts'
import { isAlive } from '../../lib/linux/proc-stat.ts'
import type { Procfs } from '../../lib/linux/proc-process.ts'
import { descendantsOfAny, listProcesses, type TreeProcess } from '../suspects/process-tree.ts'
import { isStopped, signalHeld, type HeldProcess, type Holder } from './held-processes.ts'

export interface FreezeTreeOptions {
  readonly holder: Holder
  readonly procfs: Procfs
  /** Keeps the never-list in force for what hangs below the root. */
  readonly mayTouch: (process: TreeProcess) => boolean
  /** Told what will be stopped, before it is. The root is not among it. */
  readonly beforeStop?: (processes: readonly TreeProcess[]) => void
}

export interface FrozenTree {
  /** The root first, parents before children; to be released by the caller. SIGSTOP was sent to each. */
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

interface Progress {
  readonly held: Map<number, HeldProcess>
  /** Those among them that ran before. */
  readonly halted: HeldProcess[]
  readonly spared: Set<number>
  readonly denied: Set<number>
}

/** All or nothing: when it throws, what it had stopped runs again, and only the root's descriptor is left, which is the caller's. */
export function freezeTree(root: HeldProcess, options: FreezeTreeOptions): FrozenTree {
  const { holder } = options
  const progress: Progress = { held: new Map([[root.pid, root]]), halted: [], spared: new Set(), denied: new Set() }
  try {
    if (!isStopped(holder.stateOf(root))) progress.halted.push(root)
    signalHeld(holder, root, 'SIGSTOP')
    const isComplete = freezeBelow(progress, options)
    return { held: [...progress.held.values()], spared: [...progress.spared], denied: [...progress.denied], isComplete }
  } catch (error) {
    for (const one of progress.halted) letGoOn(one, holder)
    for (const one of progress.held.values()) if (one !== root) holder.release(one)
    throw error
  }
}

/** Looks until a look finds nothing new: true. False when there is no end to it. */
function freezeBelow(progress: Progress, { holder, procfs, mayTouch, beforeStop }: FreezeTreeOptions): boolean {
  const { held, spared, denied } = progress
  for (let look = 0; look < LOOKS_MAX; look++) {
    // A child whose parent has ended hangs below init now: it is found only below those that were seen before.
    const found = descendantsOfAny(held.keys(), listProcesses(procfs)).filter(
      ({ pid, state }) => isAlive(state) && !spared.has(pid) && !denied.has(pid),
    )
    if (found.length === 0) return true
    const toStop: TreeProcess[] = []
    for (const process of found) {
      if (mayTouch(process)) toStop.push(process)
      else spared.add(process.pid)
    }
    beforeStop?.(toStop)
    for (const process of toStop) {
      if (held.size >= PROCESSES_MAX) return false
      stop(process, holder, progress)
    }
  }
  return false
}

function stop(process: TreeProcess, holder: Holder, { held, halted, denied }: Progress): void {
  let one: HeldProcess | undefined
  try {
    one = holder.hold(process)
    if (one === undefined || !signalHeld(holder, one, 'SIGSTOP')) return
    held.set(process.pid, one)
    if (!isStopped(process.state)) halted.push(one)
  } catch (error) {
    if (!(error instanceof OperationalError) || error.reason !== 'denied') throw error
    denied.add(process.pid)
  } finally {
    if (one !== undefined && !held.has(process.pid)) holder.release(one)
  }
}

/** On the way out of a failure: another one must not keep the rest from going on. */
function letGoOn(one: HeldProcess, holder: Holder): void {
  try {
    signalHeld(holder, one, 'SIGCONT')
  } catch {
    // The first failure is the one that is told.
  }
}
