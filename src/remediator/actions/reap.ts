/** Owns having dead children collected: only their parent can do that, so it is reminded with SIGCHLD. */
import { assert } from '../../lib/errors.ts'
import type { Procfs } from '../../lib/linux/proc-process.ts'
import { nameOf } from '../model.ts'
import { zombiesByParent } from '../suspects/group-members.ts'
import type { Action, ActionRequest, ActionResult } from './action.ts'
import { signalFailure, signalHeld, type Holder } from './held-processes.ts'

export interface ReapOptions {
  readonly holder: Holder
  readonly procfs: Procfs
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** Restarts the parent through its manager. */
  readonly restart: Action
}

const LOOK_AGAIN_MS = 100

export function createReap(options: ReapOptions): Action {
  const { holder, procfs } = options
  const run = async (request: ActionRequest, signal: AbortSignal): Promise<ActionResult> => {
    const { target, step, note } = request
    assert(step.action === 'reap', 'this is the reap action')
    if (target.kind !== 'process')
      return { outcome: 'failed', reason: 'unsupported', text: `${nameOf(target)} is not a process: it has no children.` }
    const count = zombiesOf(target.pid, procfs)
    if (count === 0) return { outcome: 'reaped', reason: 'nothing_to_do', text: `${nameOf(target)} has no dead children any more.` }
    const asked = remind(request, holder)
    if (asked) return asked
    note({
      event: 'signal.sent',
      text: `Sent CHLD to ${nameOf(target)}: ${count} dead children wait for it.`,
      data: { signal: 'SIGCHLD', pid: target.pid, zombies: count },
    })
    const end = performance.now() + step.wait_seconds * 1000
    let left = zombiesOf(target.pid, procfs)
    while (left > 0 && performance.now() < end) {
      await options.sleep(LOOK_AGAIN_MS, signal)
      left = zombiesOf(target.pid, procfs)
    }
    if (left === 0) return { outcome: 'reaped', reason: 'none', text: `${nameOf(target)} collected its ${count} dead children.` }
    if (step.restart_parent && target.managed !== undefined) return restartParent(request, left, options, signal)
    return {
      outcome: 'failed',
      reason: 'survived',
      text: `${nameOf(target)} did not collect its dead children: ${left} are left. Only its end removes them.`,
    }
  }
  // To remind a parent twice is no harm.
  return { run, look: async () => ({ kind: 'undone' }) }
}

function remind({ target }: ActionRequest, holder: Holder): ActionResult | undefined {
  assert(target.kind === 'process', 'a parent is a process')
  const held = holder.hold(target)
  if (held === undefined)
    return {
      outcome: 'target_gone',
      reason: 'target_gone',
      text: `${nameOf(target)} has ended, and its dead children went to init with it.`,
    }
  try {
    signalHeld(holder, held, 'SIGCHLD')
    return undefined
  } catch (error) {
    return signalFailure(error, nameOf(target))
  } finally {
    holder.release(held)
  }
}

async function restartParent(request: ActionRequest, left: number, { restart }: ReapOptions, signal: AbortSignal): Promise<ActionResult> {
  const { note, target } = request
  note({ event: 'reap.restart', text: `${left} dead children are left: ${nameOf(target)} is restarted.` })
  const step = { action: 'restart', manager: 'auto', up_within_seconds: 30, settle_seconds: 2, from_attempt: 1 } as const
  return restart.run({ ...request, step }, signal)
}

export function zombiesOf(parent: number, procfs: Procfs): number {
  return zombiesByParent(procfs).get(parent)?.length ?? 0
}
