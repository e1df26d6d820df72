/** Owns what one scan differs from the one before by: most processes sleep, and what has not changed need not cross threads again. */
import type { ProcessSample, ProcessScan } from './process-source.ts'

export interface ScanDelta {
  /** New processes and those that are not the same object as in the scan before. */
  readonly changed: readonly ProcessSample[]
  readonly endedPids: readonly number[]
  readonly unreadable: ProcessScan['unreadable']
}

/** The side of the scanner. */
export class ScanDeltaWriter {
  readonly #sent = new Map<number, ProcessSample>()

  /** Every delta must reach the reader, in order: what is told once is not told again. */
  write({ samples, unreadable }: ProcessScan): ScanDelta {
    const changed = samples.filter((sample) => this.#sent.get(sample.pid) !== sample)
    for (const sample of changed) this.#sent.set(sample.pid, sample)
    return { changed, endedPids: this.#sent.size > samples.length ? this.#dropEnded(samples) : [], unreadable }
  }

  #dropEnded(samples: readonly ProcessSample[]): number[] {
    const alive = new Set(samples.map((sample) => sample.pid))
    const ended = [...this.#sent.keys()].filter((pid) => !alive.has(pid))
    for (const pid of ended) this.#sent.delete(pid)
    return ended
  }
}

/** The side of the receiver; one for each writer. */
export class ScanDeltaReader {
  readonly #samples = new Map<number, ProcessSample>()

  /** The whole scan. A process that has not changed is the same object as in the scan before. */
  read({ changed, endedPids, unreadable }: ScanDelta): ProcessScan {
    for (const pid of endedPids) this.#samples.delete(pid)
    for (const sample of changed) this.#samples.set(sample.pid, sample)
    return { samples: [...this.#samples.values()], unreadable }
  }
}
