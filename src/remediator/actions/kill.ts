/** Owns ending a process, or a whole tree: TERM, a grace period, KILL; always through descriptors whose identity was checked. */
import { OperationalError, assert } from '../../lib/errors.ts'
import type { Procfs } from '../../lib/linux/proc-process.ts'
import { nameOf } from '../model.ts'
import type { ProcessTarget } from '../target.ts'
import type { TreeProcess } from '../suspects/process-tree.ts'
import { writerGone, type Action, type ActionRequest, type ActionResult, type Look } from './action.ts'
import { freezeTree, type FrozenTree } from './freeze-tree.ts'
import { isAlive } from '../../lib/linux/proc-stat.ts'
import { isStopped, signalFailure, signalHeld, type HeldProcess, type Holder } from './held-processes.ts'

export interface KillOptions {
  readonly holder: Holder
  readonly procfs: Procfs
  readonly mayTouch: (process: TreeProcess) => boolean
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** Whether the incident's record says that a signal went out since the moment (wall clock). */
  readonly wasSignalled: (incident: string, sinceMs: number) => boolean
}

/** KILL cannot be caught; a process that outlives it this long is stuck in the kernel. */
const KILL_WAIT_MS = 3_000
const LOOK_AGAIN_MS = 200

export function createKill(options: KillOptions): Action {
  return {
    run: (request, signal) => run(request, options, signal),
    look: (request, signal) => look(request, options, signal),
  }
}

async function run(request: ActionRequest, options: KillOptions, signal: AbortSignal): Promise<ActionResult> {
  const { target, step } = request
  assert(step.action === 'kill', 'this is the kill action')
  if (target.kind === 'folder') return writerGone(target)
  if (target.kind !== 'process')
    return { outcome: 'failed', reason: 'unsupported', text: `${nameOf(target)} is not a process: nothing to kill.` }
  const { holder } = options
  const held: HeldProcess[] = []
  try {
    const root = holder.hold(target)
    if (root === undefined)
      return { outcome: 'target_gone', reason: 'target_gone', text: `${nameOf(target)} ended before it was signalled.` }
    held.push(root)
    if (!step.tree) return await killOne(root, target, request, options, signal)
    const tree = freezeTree(root, options)
    held.push(...tree.held.filter((one) => one !== root))
    return await killTree(tree, target, request, options, signal)
  } catch (error) {
    return signalFailure(error, nameOf(target))
  } finally {
    for (const one of held) holder.release(one)
  }
}

async function killOne(
  held: HeldProcess,
  target: ProcessTarget,
  request: ActionRequest,
  { holder }: KillOptions,
  signal: AbortSignal,
): Promise<ActionResult> {
  const { note } = request
  const graceMs = graceMsOf(request)
  const name = nameOf(target)
  holder.pidfds.sendSignal(held.fd, 'SIGTERM')
  // A stopped process takes the signal only once it runs again (signal(7)).
  if (isStopped(holder.stateOf(held))) signalHeld(holder, held, 'SIGCONT')
  note({
    event: 'signal.sent',
    text: `Sent TERM to ${name}; it has ${graceMs / 1000} s to end.`,
    data: { signal: 'SIGTERM', pid: target.pid },
  })
  if (await holder.pidfds.waitExit(held.fd, graceMs, signal))
    return { outcome: 'killed', reason: 'none', text: `${name} ended after TERM.` }
  holder.pidfds.sendSignal(held.fd, 'SIGKILL')
  note({
    event: 'signal.sent',
    text: `${name} did not end within ${graceMs / 1000} s; sent KILL.`,
    data: { signal: 'SIGKILL', pid: target.pid },
  })
  if (await holder.pidfds.waitExit(held.fd, KILL_WAIT_MS, signal))
    return { outcome: 'killed', reason: 'none', text: `${name} ended after KILL.` }
  return { outcome: 'failed', reason: 'survived', text: `${name} is still there after KILL: it hangs in the kernel (state D?).` }
}

/** All are stopped already: KILL reaches a stopped process, and none gets to run a handler that starts more. */
async function killTree(
  tree: FrozenTree,
  target: ProcessTarget,
  { note }: ActionRequest,
  { holder }: KillOptions,
  signal: AbortSignal,
): Promise<ActionResult> {
  const name = nameOf(target)
  const { reached, unreached } = killEach(tree.held, holder)
  const left = leftAlone(tree, unreached)
  note({
    event: 'signal.sent',
    text: `Stopped ${name} and ${tree.held.length - 1} processes below it, then sent KILL to ${unreached.length === 0 ? 'all' : reached.length} of them.${left}`,
    data: {
      signal: 'SIGKILL',
      pid: target.pid,
      processes: tree.held.length,
      spared: tree.spared,
      denied: [...tree.denied, ...unreached.map(({ pid }) => pid)],
    },
  })
  const surviving: number[] = []
  // One time for all of them together.
  const end = performance.now() + KILL_WAIT_MS
  for (const one of reached)
    if (!(await holder.pidfds.waitExit(one.fd, Math.max(0, end - performance.now()), signal))) surviving.push(one.pid)
  if (surviving.length > 0)
    return failed('survived', `${surviving.length} processes of ${name} are still there after KILL (pid ${pidsOf(surviving)}).${left}`)
  if (unreached.length > 0) return failed('permission_denied', `${reached.length} processes of ${name} ended.${left}`)
  if (!tree.isComplete) return failed('survived', `${name} and ${tree.held.length - 1} below it ended, but new ones kept appearing.${left}`)
  return { outcome: 'killed', reason: 'none', text: `${name} and ${tree.held.length - 1} processes below it ended.${left}` }
}

/** One that the signal cannot be sent to is told to go on, so that it does not stay stopped, and keeps none of the others alive. */
function killEach(held: readonly HeldProcess[], holder: Holder): { readonly reached: HeldProcess[]; readonly unreached: HeldProcess[] } {
  const reached: HeldProcess[] = []
  const unreached: HeldProcess[] = []
  for (const one of held) (reaches(one, 'SIGKILL', holder) ? reached : unreached).push(one)
  for (const one of unreached) reaches(one, 'SIGCONT', holder)
  return { reached, unreached }
}

function reaches(one: HeldProcess, signal: NodeJS.Signals, holder: Holder): boolean {
  try {
    signalHeld(holder, one, signal)
    return true
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return false
  }
}

function leftAlone({ spared, denied }: FrozenTree, unreached: readonly HeldProcess[]): string {
  return [
    spared.length === 0 ? '' : ` ${spared.length} below it are never touched and were left alone.`,
    denied.length === 0 ? '' : ` ${denied.length} below it belong to other users and could not be signalled (pid ${pidsOf(denied)}).`,
    unreached.length === 0 ? '' : ` ${unreached.length} could not be ended (pid ${pidsOf(unreached.map(({ pid }) => pid))}).`,
  ].join('')
}

function failed(reason: ActionResult['reason'], text: string): ActionResult {
  return { outcome: 'failed', reason, text }
}

function pidsOf(pids: readonly number[]): string {
  return pids.slice(0, 5).join(', ')
}

/** Gone, or goes while a signal that may have been sent has its time: done. Still there after that: certainly not done. */
async function look(request: ActionRequest, { holder, sleep, wasSignalled }: KillOptions, signal: AbortSignal): Promise<Look> {
  const { target, incident, begunAt } = request
  if (target.kind !== 'process') return { kind: 'undone' }
  const end = performance.now() + graceMsOf(request)
  while (isAlive(holder.stateOf(target))) {
    if (performance.now() >= end) return { kind: 'undone' }
    await sleep(LOOK_AGAIN_MS, signal)
  }
  const signalled = wasSignalled(incident.id, begunAt.wallMs)
  return {
    kind: 'done',
    result: {
      outcome: signalled ? 'killed' : 'target_gone',
      reason: signalled ? 'none' : 'target_gone',
      text: `${nameOf(target)} is gone: ${signalled ? 'it was sent a signal' : 'it was about to be signalled'} when procwarden was interrupted. Nothing is repeated.`,
    },
  }
}

function graceMsOf({ step, policy }: ActionRequest): number {
  return (step.action === 'kill' ? (step.grace_seconds ?? policy.grace_seconds) : policy.grace_seconds) * 1000
}
