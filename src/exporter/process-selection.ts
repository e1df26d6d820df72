/** Owns the choice of the processes that have series of their own: the most active ones, with those already chosen preferred. */
import type { TrackedProcess } from './tracked-process.ts'
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
  const ranked: TrackedProcess[] = []
  for (const process of processes) {
    if (process.sample === undefined) continue
    updateActivity(process, process.sample, options)
    ranked.push(process)
  }
  ranked.sort((a, b) => rankOf(b) - rankOf(a) || a.pid - b.pid)
  for (const process of ranked) process.published = false
  const chosen = ranked.slice(0, options.max).toSorted((a, b) => a.pid - b.pid)
  for (const process of chosen) process.published = true
  return chosen
}

function rankOf({ activity, published }: TrackedProcess): number {
  return activity * (published ? INCUMBENT_BONUS : 1)
}

function updateActivity(process: TrackedProcess, sample: ProcessSample, options: SelectionOptions): void {
  const effort = cpuSecondsOf(sample) + ioEffort(sample)
  const { filesCreated, selectedEffort, selectedFiles } = process
  const elapsedSeconds = Math.max(options.elapsedSeconds, 1)
  const used = selectedEffort < 0 ? 0 : effort - selectedEffort
  const rate = (used + (filesCreated - selectedFiles)) / elapsedSeconds
  const now = Math.max(0, rate) + sample.residentBytes / options.memoryTotalBytes
  process.activity = Math.max(now, process.activity * 0.5 ** (elapsedSeconds / HALF_LIFE_SECONDS))
  // An idle process keeps its numbers: to write one anew is to make a new one.
  if (effort !== selectedEffort) process.selectedEffort = effort
  if (filesCreated !== selectedFiles) process.selectedFiles = filesCreated
}

/** In seconds of a core. */
function ioEffort({ io }: ProcessSample): number {
  if (io === undefined) return 0
  return (io.readBytes + io.writtenBytes) / BYTES_OF_ONE_CORE + (io.readOperations + io.writeOperations) / OPERATIONS_OF_ONE_CORE
}
