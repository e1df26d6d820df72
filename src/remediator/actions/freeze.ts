/** Owns stopping a process with SIGSTOP and letting it go on with SIGCONT. What is stopped is in the store before it is stopped. */
import { OperationalError, assert, messageOf } from '../../lib/errors.ts'
import type { BootMoment } from '../../lib/clock.ts'
import type { Procfs } from '../../lib/linux/proc-process.ts'
import { nameOf } from '../model.ts'
import type { ProcessTarget } from '../target.ts'
import type { Database } from '../store/database.ts'
import { addHold, holdsOf, otherHoldOn, removeHold, type Hold } from '../store/holds.ts'
import type { TreeProcess } from '../suspects/process-tree.ts'
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
    const thawed = thawIncident(incident.id, options)
    const text = thawed.map((one) => one.text).join(' ') || `${nameOf(target)} was not frozen.`
    if (thawed.some(({ kind }) => kind === 'refused')) return { outcome: 'failed', reason: 'permission_denied', text }
    return { outcome: 'thawed', reason: thawed.length > 0 ? 'none' : 'nothing_to_do', text }
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
  const { holder, database } = options
  const before = new Set(holdsOf(database, incident).map(keyOf))
  const held: HeldProcess[] = []
  let stopped: readonly HeldProcess[] = []
  try {
    const root = holder.hold(target)
    if (root === undefined) return gone(nameOf(target))
    held.push(root)
    // Each is written down before it is stopped: what is in the store and runs is no harm, the other way round is.
    const beforeStop = (processes: readonly ProcessKey[]): void => remember(incident, kind, target.group, processes, options)
    beforeStop([root])
    if (tree) stopped = freezeTree(root, { ...options, beforeStop }).held
    else if (signalHeld(holder, root, 'SIGSTOP')) stopped = [root]
    else return gone(nameOf(target))
    held.push(...stopped.filter((one) => one !== root))
    return await settled(stopped, target, options)
  } catch (error) {
    return signalFailure(error, nameOf(target))
  } finally {
    for (const one of held) holder.release(one)
    forget(incident, new Set([...before, ...stopped.map(keyOf)]), database)
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

type ThawOptions = Pick<FreezeOptions, 'holder' | 'database' | 'boot'>

/** `refused`: it is still stopped, for the signal could not be sent; what is known of it is kept. */
export interface Thawed {
  readonly kind: 'runs' | 'stays' | 'refused'
  readonly text: string
}

/** Lets everything that this incident stopped go on. Returns a sentence for each process. */
export function thawIncident(incident: string, options: ThawOptions): Thawed[] {
  // The last stopped is the lowest in its tree: children run again before their parent does.
  return holdsOf(options.database, incident)
    .toReversed()
    .flatMap((hold) => {
      const other = otherHoldOn(options.database, hold)
      const thawed = thawHold(hold, options)
      if (thawed || !other) return thawed ?? []
      return { kind: 'stays', text: `${nameOf(hold)} stays frozen: incident ${other.incident} has stopped it as well.` }
    })
}

/**
 * Lets one process go on and forgets that it was stopped. Undefined when there was nothing to let go on, or when another incident
 * has stopped the same process: it goes on with the last of them.
 */
export function thawHold(hold: Hold, { holder, database, boot }: ThawOptions): Thawed | undefined {
  const isOurs = hold.bootId === boot().bootId && otherHoldOn(database, hold) === undefined
  const wasStopped = isOurs && isStopped(holder.stateOf(hold))
  const refusal = isOurs ? letGoOn(hold, holder) : undefined
  // What may not be signalled and runs was never stopped by us.
  if (refusal !== undefined && (wasStopped || refusal.reason !== 'denied'))
    return { kind: 'refused', text: `${nameOf(hold)} could not be told to go on: ${messageOf(refusal)}.` }
  removeHold(database, hold.id)
  return wasStopped && refusal === undefined ? { kind: 'runs', text: `${nameOf(hold)} runs again.` } : undefined
}

/** Returns why the signal could not be sent. A process that has ended needs none. */
function letGoOn(process: ProcessKey, holder: Holder): OperationalError | undefined {
  let held: HeldProcess | undefined
  try {
    held = holder.hold(process)
    if (held !== undefined) signalHeld(holder, held, 'SIGCONT')
    return undefined
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return error
  } finally {
    if (held !== undefined) holder.release(held)
  }
}

interface ProcessKey {
  readonly pid: number
  readonly startTicks: number
}

function keyOf({ pid, startTicks }: ProcessKey): string {
  return `${pid}:${startTicks}`
}

/** Drops what was written down and then not stopped after all. */
function forget(incident: string, kept: ReadonlySet<string>, database: Database): void {
  const dropped = holdsOf(database, incident).filter((hold) => !kept.has(keyOf(hold)))
  if (dropped.length > 0) database.transaction(() => dropped.forEach(({ id }) => removeHold(database, id)))
}

/** What was stopped while a person was asked and is now stopped for good counts as the latter. */
function remember(
  incident: string,
  kind: Hold['kind'],
  group: string,
  processes: readonly ProcessKey[],
  { database, boot, nowMs }: FreezeOptions,
): void {
  database.transaction(() => {
    const known = new Map(holdsOf(database, incident).map((hold) => [keyOf(hold), hold]))
    for (const { pid, startTicks } of processes) {
      const before = known.get(keyOf({ pid, startTicks }))
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
