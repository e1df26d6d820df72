/** Owns the choice of the processes that have series of their own: the most active ones, with those already chosen preferred. */
import type { TrackedProcess } from './process-table.ts'
import { cpuSecondsOf, type ProcessSample } from './sources/process-source.ts'

export interface SelectionOptions {
  readonly max: number
  /** Since the selection before. */
  readonly elapsedSeconds: number
  readonly memoryTotalBytes: number
}

/** Activity halves in this time, so that a process that paused keeps its series through the pause. */
const HALF_LIFE_SECONDS = 60
const BYTES_OF_ONE_CORE = 1e8
const OPERATIONS_OF_ONE_CORE = 1e4
/** A series that comes and goes is worth less than one that stays: a newcomer must be busier by this much. */
const INCUMBENT_BONUS = 1.25

/**
 * Marks the `max` most active processes as published and returns them, by pid. Activity is the sum of cores used, files
 * created per second, reads and writes, and the share of memory held: a writer of one file per second, of 100 MB per second or
 * of 10,000 operations per second ranks with a whole core.
 */
export function selectProcesses(processes: Iterable<TrackedProcess>, options: SelectionOptions): TrackedProcess[] {
  const ranked: Array<{ readonly process: TrackedProcess; readonly rank: number }> = []
  for (const process of processes) {
    if (process.sample === undefined) continue
    updateActivity(process, options)
    ranked.push({ process, rank: process.activity * (process.published ? INCUMBENT_BONUS : 1) })
  }
  ranked.sort((a, b) => b.rank - a.rank || a.process.pid - b.process.pid)
  for (const [index, { process }] of ranked.entries()) process.published = index < options.max
  return ranked
    .slice(0, options.max)
    .map(({ process }) => process)
    .toSorted((a, b) => a.pid - b.pid)
}

function updateActivity(process: TrackedProcess, options: SelectionOptions): void {
  const { sample, filesCreated } = process
  if (sample === undefined) return
  const effort = cpuSecondsOf(sample) + ioEffort(sample)
  const before = process.selectedAt ?? { effort, filesCreated: 0 }
  const elapsedSeconds = Math.max(options.elapsedSeconds, 1)
  const rate = (effort - before.effort + (filesCreated - before.filesCreated)) / elapsedSeconds
  const now = Math.max(0, rate) + sample.residentBytes / options.memoryTotalBytes
  process.activity = Math.max(now, process.activity * 0.5 ** (elapsedSeconds / HALF_LIFE_SECONDS))
  process.selectedAt = { effort, filesCreated }
}

/** In seconds of a core. */
function ioEffort({ io }: ProcessSample): number {
  if (io === undefined) return 0
  return (io.readBytes + io.writtenBytes) / BYTES_OF_ONE_CORE + (io.readOperations + io.writeOperations) / OPERATIONS_OF_ONE_CORE
}
