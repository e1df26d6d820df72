/** Owns stopping a process with SIGSTOP and letting it go on with SIGCONT. What is stopped is in the store before it is stopped. */
import { assert } from '../../lib/errors.ts'
import type { BootMoment } from '../../lib/clock.ts'
import type { Procfs } from '../../lib/linux/proc-process.ts'
import { nameOf } from '../model.ts'
import type { ProcessTarget } from '../target.ts'
import type { Database } from '../store/database.ts'
import { addHold, holdsOf, otherHoldOn, removeHold, type Hold } from '../store/holds.ts'
import { descendantsOf, listProcesses, type TreeProcess } from '../suspects/process-tree.ts'
import { writerGone, type Action, type ActionRequest, type ActionResult } from './action.ts'
import { freezeTree } from './freeze-tree.ts'
import { isAlive } from '../../lib/linux/proc-stat.ts'
import { isStopped, signalFailure, signalHeld, type HeldProcess, type Holder } from './held-processes.ts'

export interface FreezeOptions {
  readonly holder: Holder
  readonly procfs: Procfs
  readonly mayTouch: (process: TreeProcess) => boolean
  readonly database: Database
  readonly boot: () => BootMoment
  readonly nowMs: () => number
  readonly sleep: (ms: number) => Promise<void>
}

const STOP_MS_MAX = 1_000
const STOP_LOOK_MS = 5

export function createFreeze(options: FreezeOptions): Action {
  return {
    run: async ({ incident, target, step }) => {
      assert(step.action === 'freeze', 'this is the freeze action')
      if (target.kind === 'folder') return writerGone(target)
      if (target.kind !== 'process')
        return { outcome: 'failed', reason: 'unsupported', text: `${nameOf(target)} is not a process: nothing to freeze.` }
      return freezeTarget(incident.id, target, 'action', step.tree, options)
    },
    // SIGSTOP takes effect at once: the state tells.
    look: async ({ target }) => {
      if (target.kind !== 'process') return { kind: 'undone' }
      const state = options.holder.stateOf(target)
      if (!isAlive(state)) return { kind: 'done', result: gone(nameOf(target)) }
      return isStopped(state) ? { kind: 'done', result: frozen(target, 1) } : { kind: 'undone' }
    },
  }
}

export function createThaw(options: FreezeOptions): Action {
  const thaw = async ({ incident, target }: ActionRequest): Promise<ActionResult> => {
    const sentences = thawIncident(incident.id, options)
    return {
      outcome: 'thawed',
      reason: sentences.length > 0 ? 'none' : 'nothing_to_do',
      text: sentences.join(' ') || `${nameOf(target)} was not frozen.`,
    }
  }
  // SIGCONT to a running process changes nothing: it may be sent again.
  return { run: thaw, look: async (request) => ({ kind: 'done', result: await thaw(request) }) }
}

/** Stops the process, or its whole tree. Stopping again what is stopped is no harm. */
export async function freezeTarget(
  incident: string,
  target: ProcessTarget,
  kind: Hold['kind'],
  tree: boolean,
  options: FreezeOptions,
): Promise<ActionResult> {
  const { holder } = options
  const held: HeldProcess[] = []
  try {
    const root = holder.hold(target)
    if (root === undefined) return gone(nameOf(target))
    held.push(root)
    remember(incident, kind, target.group, [root], options)
    if (!tree) {
      signalHeld(holder, root, 'SIGSTOP')
      return await settled([root], target, options)
    }
    // Each is written down before it is stopped: what is in the store and runs is no harm, the other way round is.
    const below = descendantsOf(target.pid, listProcesses(options.procfs))
    const stoppable = below.filter((process) => isAlive(process.state) && options.mayTouch(process))
    remember(incident, kind, target.group, stoppable, options)
    const stopped = freezeTree(root, holder, options.procfs, options.mayTouch)
    held.push(...stopped.held.filter((one) => one !== root))
    remember(incident, kind, target.group, stopped.held, options)
    return await settled(stopped.held, target, options)
  } catch (error) {
    return signalFailure(error, nameOf(target))
  } finally {
    for (const one of held) holder.release(one)
  }
}

/** A process stops when it next returns from the kernel: at once, unless it waits there for a device (state D). */
async function settled(held: readonly HeldProcess[], target: ProcessTarget, { holder, sleep }: FreezeOptions): Promise<ActionResult> {
  const runs = (one: HeldProcess): boolean => isAlive(holder.stateOf(one)) && !isStopped(holder.stateOf(one))
  for (let waitedMs = 0; waitedMs < STOP_MS_MAX && held.some(runs); waitedMs += STOP_LOOK_MS) await sleep(STOP_LOOK_MS)
  const running = held.filter(runs)
  if (running.length === 0) return frozen(target, held.length)
  const text = `${nameOf(target)} was told to stop, but ${running.length} of its processes have not yet: they wait in the kernel (pid ${running[0]?.pid}).`
  return { outcome: 'failed', reason: 'survived', text }
}

/** Lets everything that this incident stopped go on. Returns a sentence for each process. */
export function thawIncident(incident: string, options: Pick<FreezeOptions, 'holder' | 'database' | 'boot'>): string[] {
  // The last stopped is the lowest in its tree: children run again before their parent does.
  return holdsOf(options.database, incident)
    .toReversed()
    .flatMap((hold) => {
      const other = otherHoldOn(options.database, hold)
      const text = thawHold(hold, options)
      return text ?? (other ? `${nameOf(hold)} stays frozen: incident ${other.incident} has stopped it as well.` : [])
    })
}

/**
 * Lets one process go on and forgets that it was stopped. Undefined when there was nothing to let go on, or when another incident
 * has stopped the same process: it goes on with the last of them.
 */
export function thawHold(hold: Hold, { holder, database, boot }: Pick<FreezeOptions, 'holder' | 'database' | 'boot'>): string | undefined {
  const name = nameOf(hold)
  const isStillHeld = otherHoldOn(database, hold) !== undefined
  const held = hold.bootId === boot().bootId && !isStillHeld ? holder.hold(hold) : undefined
  if (held === undefined) {
    removeHold(database, hold.id)
    return undefined
  }
  try {
    const wasStopped = isStopped(holder.stateOf(held))
    signalHeld(holder, held, 'SIGCONT')
    removeHold(database, hold.id)
    return wasStopped ? `${name} runs again.` : undefined
  } finally {
    holder.release(held)
  }
}

/** What was stopped while a person was asked and is now stopped for good counts as the latter. */
function remember(
  incident: string,
  kind: Hold['kind'],
  group: string,
  processes: ReadonlyArray<{ readonly pid: number; readonly startTicks: number }>,
  { database, boot, nowMs }: FreezeOptions,
): void {
  database.transaction(() => {
    const known = new Map(holdsOf(database, incident).map((hold) => [`${hold.pid}:${hold.startTicks}`, hold]))
    for (const { pid, startTicks } of processes) {
      const before = known.get(`${pid}:${startTicks}`)
      if (before && (before.kind === kind || kind === 'waiting')) continue
      if (before) removeHold(database, before.id)
      addHold(database, { incident, kind, group, pid, startTicks, bootId: boot().bootId, at: new Date(nowMs()).toISOString() })
    }
  })
}

function frozen(target: ProcessTarget, processes: number): ActionResult {
  const others = processes > 1 ? ` and ${processes - 1} processes below it` : ''
  return {
    outcome: 'frozen',
    reason: 'none',
    text: `${nameOf(target)}${others} ${processes > 1 ? 'are' : 'is'} frozen (SIGSTOP); nothing of it is lost, and thaw lets it go on.`,
    data: { processes },
  }
}

function gone(name: string): ActionResult {
  return { outcome: 'target_gone', reason: 'target_gone', text: `${name} ended before it was frozen.` }
}
