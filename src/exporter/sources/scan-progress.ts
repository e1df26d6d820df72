/** Owns how the thread that reads /proc tells the main thread, while it reads, which process it is at. Never reads itself. */

/** `figures`: stat and schedstat. `details`: all else, of which some waits for locks that a hung process may hold for ever. */
export type ScanPart = 'figures' | 'details'

export interface ScanPosition {
  /** Undefined between processes: the machine's own files are read. */
  readonly pid: number | undefined
  readonly part: ScanPart
}

const STEPS = 0
const PID = 1
const PART = 2

/** One for each worker; both threads see the same memory. */
export class ScanProgress {
  readonly memory: SharedArrayBuffer
  readonly #words: Int32Array

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(12)) {
    this.memory = memory
    this.#words = new Int32Array(memory)
  }

  /** Rises with each step. */
  get steps(): number {
    return Atomics.load(this.#words, STEPS)
  }

  /** Meaningful while `steps` stays. */
  get position(): ScanPosition {
    const pid = Atomics.load(this.#words, PID)
    return { pid: pid === 0 ? undefined : pid, part: Atomics.load(this.#words, PART) === 0 ? 'figures' : 'details' }
  }

  /** Said before the read that may block. */
  at(pid: number, part: ScanPart): void {
    Atomics.store(this.#words, PID, pid)
    Atomics.store(this.#words, PART, part === 'figures' ? 0 : 1)
    Atomics.add(this.#words, STEPS, 1)
  }
}
