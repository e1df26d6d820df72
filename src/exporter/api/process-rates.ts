/** Owns how much CPU each process has used between two scans of the table. Never scans. */
import type { ProcessTable } from '../process-table.ts'
import type { TrackedProcess } from '../tracked-process.ts'
import { cpuSecondsOf, type ProcessSample } from '../sources/process-source.ts'

export interface ProcessRate {
  readonly process: TrackedProcess
  readonly sample: ProcessSample
  readonly cpuCores: number
}

/** Filled anew in place: a new map of thousands for each scan would be work for the garbage collector. */
interface Observation {
  scanMs: number
  /** Samples are not changed once they are made, so to keep one is to keep its figures. */
  readonly samples: Map<number, ProcessSample>
}

/** The kernel counts CPU time in steps of 10 ms: a rate over less than this is mostly rounding. */
const WINDOW_MS_MIN = 900
const NOW_AND_THEN_MS = 5_000

export class ProcessRates {
  readonly #table: ProcessTable
  #latest: Observation | undefined
  #before: Observation | undefined

  constructor(table: ProcessTable) {
    this.#table = table
  }

  /** As observe, unless that was done a short while ago: for those who scan often and never ask for rates. */
  observeNowAndThen(): void {
    const scanMs = this.#table.lastScanMs ?? 0
    if (this.#latest === undefined || Math.abs(scanMs - this.#latest.scanMs) >= NOW_AND_THEN_MS) this.observe()
  }

  /** Takes note of the last scan, whoever asked for it. */
  observe(): void {
    const scanMs = this.#table.lastScanMs
    if (scanMs === undefined || scanMs === this.#latest?.scanMs) return
    const room = this.#roomFor(scanMs)
    let present = 0
    for (const { pid, sample } of this.#table.processes()) {
      if (sample === undefined) continue
      room.samples.set(pid, sample)
      present++
    }
    if (room.samples.size > present) this.#dropEnded(room.samples)
    room.scanMs = scanMs
    this.#latest = room
    // The wall clock was set back.
    if (this.#before !== undefined && this.#before.scanMs >= scanMs) this.#before = undefined
  }

  /** The latest becomes the one before once it is old enough; what is written over is nobody's any more. */
  #roomFor(scanMs: number): Observation {
    const latest = this.#latest
    if (latest === undefined) return { scanMs, samples: new Map() }
    if (scanMs - latest.scanMs < WINDOW_MS_MIN) return latest
    const room = this.#before ?? { scanMs, samples: new Map() }
    this.#before = latest
    return room
  }

  #dropEnded(samples: Map<number, ProcessSample>): void {
    for (const { pid } of samples.values()) if (this.#table.get(pid)?.sample === undefined) samples.delete(pid)
  }

  /** Every process of the last scan that was observed; without an earlier one, over the life of each. */
  rates(): ProcessRate[] {
    const scanMs = this.#latest?.scanMs
    if (scanMs === undefined) return []
    return [...this.#table.processes()].flatMap((process) => {
      const { sample } = process
      return sample === undefined ? [] : [{ process, sample, cpuCores: this.#coresOf(sample, scanMs) }]
    })
  }

  #coresOf(sample: ProcessSample, scanMs: number): number {
    const cpuSeconds = cpuSecondsOf(sample)
    const before = this.#before
    const lifeSeconds = Math.max(0.1, scanMs / 1000 - sample.startTimeSeconds)
    if (before === undefined) return cpuSeconds / lifeSeconds
    const known = before.samples.get(sample.pid)
    const usedSeconds = known?.startTicks === sample.startTicks ? Math.max(0, cpuSeconds - cpuSecondsOf(known)) : cpuSeconds
    return usedSeconds / ((scanMs - before.scanMs) / 1000)
  }
}
