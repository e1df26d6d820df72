/**
 * Owns the reading threads that hang in the kernel and what they hang at. A thread cannot be stopped amid a system call, so it
 * stays until the call returns, which is also what tells that the process can be read again. Never starts a thread.
 */
import { OperationalError } from '../../lib/errors.ts'
import { createExitNow } from '../../lib/linux/exit-now.ts'
import { loadLibc } from '../../lib/linux/libc.ts'
import type { ScanPart, ScanPosition } from './scan-progress.ts'

/** Each holds about 10 MB. */
const THREADS_MAX = 8

export class StuckThreads {
  readonly #positions = new Set<ScanPosition>()
  readonly #onExit = (code: number): void => exitAround(code)

  /** What is not to be read: of a process that two threads hang at, anything. */
  get skips(): ReadonlyMap<number, ScanPart> {
    const skips = new Map<number, ScanPart>()
    for (const { pid, part } of this.#positions) if (pid !== undefined && skips.get(pid) !== 'figures') skips.set(pid, part)
    return skips
  }

  /** Why another thread would be one too many; undefined when it would not. */
  get refusal(): string | undefined {
    for (const { pid } of this.#positions) if (pid === undefined) return "a read of the machine's own files in /proc still blocks"
    return this.#positions.size < THREADS_MAX ? undefined : `reads of ${THREADS_MAX} processes still block`
  }

  /** `ended` settles when the thread has come back and is gone. */
  add(position: ScanPosition, ended: Promise<unknown>): void {
    if (this.#positions.size === 0) process.on('exit', this.#onExit)
    this.#positions.add(position)
    const remove = (): void => {
      this.#positions.delete(position)
      if (this.#positions.size === 0) process.off('exit', this.#onExit)
    }
    ended.then(remove, remove)
  }
}

/** Node waits for its threads before it ends; these would never let it. */
function exitAround(code: number): void {
  try {
    createExitNow(loadLibc())(code)
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    process.kill(process.pid, 'SIGKILL')
  }
}
