/** Owns how much CPU each process has used between two scans of the table. Never scans. */
import type { ProcessTable, TrackedProcess } from '../process-table.ts'
import { cpuSecondsOf, type ProcessSample } from '../sources/process-source.ts'

export interface ProcessRate {
  readonly process: TrackedProcess
  readonly sample: ProcessSample
  readonly cpuCores: number
}

interface Observation {
  readonly scanMs: number
  readonly used: ReadonlyMap<number, { readonly startTicks: number; readonly cpuSeconds: number }>
}

/** The kernel counts CPU time in steps of 10 ms: a rate over less than this is mostly rounding. */
const WINDOW_MS_MIN = 900

export class ProcessRates {
  readonly #table: ProcessTable
  #latest: Observation | undefined
  #before: Observation | undefined

  constructor(table: ProcessTable) {
    this.#table = table
  }

  /** Takes note of the last scan, whoever asked for it. */
  observe(): void {
    const scanMs = this.#table.lastScanMs
    if (scanMs === undefined || scanMs === this.#latest?.scanMs) return
    const used = new Map<number, { readonly startTicks: number; readonly cpuSeconds: number }>()
    for (const { pid, startTicks, sample } of this.#table.processes()) {
      if (sample !== undefined) used.set(pid, { startTicks, cpuSeconds: cpuSecondsOf(sample) })
    }
    if (this.#latest !== undefined && scanMs - this.#latest.scanMs >= WINDOW_MS_MIN) this.#before = this.#latest
    // The wall clock was set back.
    if (this.#before !== undefined && this.#before.scanMs >= scanMs) this.#before = undefined
    this.#latest = { scanMs, used }
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
    const known = before.used.get(sample.pid)
    const usedSeconds = known?.startTicks === sample.startTicks ? Math.max(0, cpuSeconds - known.cpuSeconds) : cpuSeconds
    return usedSeconds / ((scanMs - before.scanMs) / 1000)
  }
}
