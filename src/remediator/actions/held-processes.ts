/**
 * Owns process file descriptors on accused processes: opened, checked against the identity, signalled, closed. Every action
 * on a process goes through here, so that none can hit a recycled pid.
 */
import { OperationalError, messageOf } from '../../lib/errors.ts'
import type { Pidfds } from '../../lib/linux/pidfd.ts'
import { readStat, type Procfs } from '../../lib/linux/proc-process.ts'
import type { ActionResult } from './action.ts'

/** A process that cannot be mistaken any more: the descriptor is of the one that had this start time. */
export interface HeldProcess {
  readonly pid: number
  readonly startTicks: number
  readonly fd: number
}

export interface Holder {
  readonly pidfds: Pidfds
  /** Undefined when the process is gone or its pid is another's now. Throws OperationalError `denied` or `unsupported`. */
  hold(process: { readonly pid: number; readonly startTicks: number }): HeldProcess | undefined
  release(held: HeldProcess): void
  /** One letter, or undefined when it is gone. */
  stateOf(held: Pick<HeldProcess, 'pid' | 'startTicks'>): string | undefined
}

/** `bindPidfds` is called when first needed: where the kernel has none, only the action fails, not the start. */
export function createHolder(bindPidfds: () => Pidfds, procfs: Procfs): Holder {
  let bound: Pidfds | undefined
  const pidfds = (): Pidfds => (bound ??= bindPidfds())
  const stateOf = ({ pid, startTicks }: Pick<HeldProcess, 'pid' | 'startTicks'>): string | undefined => {
    const stat = readStat(pid, procfs)
    return stat?.startTicks === startTicks ? stat.state : undefined
  }
  return {
    get pidfds() {
      return pidfds()
    },
    hold: ({ pid, startTicks }) => {
      const fd = openIfThere(pidfds(), pid)
      if (fd === undefined) return undefined
      // The descriptor is of whoever has the pid now; only if that is still the accused process may it be signalled.
      if (readStat(pid, procfs)?.startTicks === startTicks) return { pid, startTicks, fd }
      pidfds().closePidfd(fd)
      return undefined
    },
    release: ({ fd }) => pidfds().closePidfd(fd),
    stateOf,
  }
}

/** Sends a signal; false when the process has ended meanwhile. */
export function signalHeld(holder: Holder, held: HeldProcess, signal: NodeJS.Signals): boolean {
  try {
    holder.pidfds.sendSignal(held.fd, signal)
    return true
  } catch (error) {
    if (error instanceof OperationalError && error.reason === 'gone') return false
    throw error
  }
}

/** T: stopped by a signal (proc_pid_stat(5)). */
export function isStopped(state: string | undefined): boolean {
  return state === 'T' || state === 't'
}

function openIfThere(pidfds: Pidfds, pid: number): number | undefined {
  try {
    return pidfds.openPidfd(pid)
  } catch (error) {
    if (error instanceof OperationalError && error.reason === 'gone') return undefined
    throw error
  }
}

/** The result of a failure that the kernel told; anything else is a fault of ours and thrown on. */
export function signalFailure(error: unknown, name: string): ActionResult {
  if (!(error instanceof OperationalError)) throw error
  if (error.reason === 'gone') return { outcome: 'target_gone', reason: 'target_gone', text: `${name} ended before it could be signalled.` }
  if (error.reason === 'denied')
    return { outcome: 'failed', reason: 'permission_denied', text: `Not permitted to signal ${name}: it belongs to another user.` }
  if (error.reason === 'unsupported')
    return { outcome: 'failed', reason: 'unsupported', text: `${name} was not signalled: ${messageOf(error)}.` }
  throw error
}
