/** Owns ending one process: TERM, a grace period, KILL; always through a pidfd whose identity was checked after it was opened. */
import { OperationalError, messageOf } from '../../lib/errors.ts'
import type { Pidfds } from '../../lib/linux/pidfd.ts'
import { readStat, type Procfs } from '../../lib/linux/proc-process.ts'
import { nameOf } from '../model.ts'
import type { Action, ActionRequest, ActionResult } from './action.ts'

/** KILL cannot be caught; a process that outlives it this long is stuck in the kernel. */
const KILL_WAIT_MS = 3_000

/** `bindPidfds` is called when first needed: where the kernel has none, only the action fails, not the start. */
export function createKill(bindPidfds: () => Pidfds, procfs: Procfs): Action {
  return {
    run: async (request, signal) => {
      let pidfds: Pidfds | undefined
      let descriptor: number | undefined
      try {
        pidfds = bindPidfds()
        descriptor = pidfds.openPidfd(request.target.pid)
        return await killThrough(descriptor, request, pidfds, procfs, signal)
      } catch (error) {
        return failureOf(error, request)
      } finally {
        if (descriptor !== undefined) pidfds?.closePidfd(descriptor)
      }
    },
  }
}

async function killThrough(
  descriptor: number,
  request: ActionRequest,
  pidfds: Pidfds,
  procfs: Procfs,
  signal: AbortSignal,
): Promise<ActionResult> {
  const { target, graceMs, note } = request
  const name = nameOf(target)
  // The descriptor is of whoever has the pid now; only if that is still the accused process may it be signalled.
  if (readStat(target.pid, procfs)?.startTicks !== target.startTicks)
    return { outcome: 'target_gone', reason: 'target_gone', text: `${name} ended before it was signalled.` }
  pidfds.sendSignal(descriptor, 'SIGTERM')
  note({
    event: 'signal.sent',
    text: `Sent TERM to ${name}; it has ${graceMs / 1000} s to end.`,
    data: { signal: 'SIGTERM', pid: target.pid },
  })
  if (await pidfds.waitExit(descriptor, graceMs, signal)) return { outcome: 'killed', reason: 'none', text: `${name} ended after TERM.` }
  pidfds.sendSignal(descriptor, 'SIGKILL')
  note({
    event: 'signal.sent',
    text: `${name} did not end within ${graceMs / 1000} s; sent KILL.`,
    data: { signal: 'SIGKILL', pid: target.pid },
  })
  if (await pidfds.waitExit(descriptor, KILL_WAIT_MS, signal))
    return { outcome: 'killed', reason: 'none', text: `${name} ended after KILL.` }
  return { outcome: 'failed', reason: 'survived', text: `${name} is still there after KILL: it hangs in the kernel (state D?).` }
}

function failureOf(error: unknown, { target }: ActionRequest): ActionResult {
  if (!(error instanceof OperationalError)) throw error
  if (error.reason === 'gone')
    return { outcome: 'target_gone', reason: 'target_gone', text: `${nameOf(target)} ended before it could be signalled.` }
  if (error.reason === 'denied')
    return {
      outcome: 'failed',
      reason: 'permission_denied',
      text: `Not permitted to signal ${nameOf(target)}: it belongs to another user.`,
    }
  if (error.reason === 'unsupported')
    return { outcome: 'failed', reason: 'unsupported', text: `${nameOf(target)} was not signalled: ${messageOf(error)}.` }
  throw error
}
