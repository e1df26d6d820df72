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
export function selectProcesses(processes: readonly TrackedProcess[], options: SelectionOptions): TrackedProcess[] {
  const chosen: TrackedProcess[] = []
  const elapsedSeconds = Math.max(options.elapsedSeconds, 1)
  const passed: Passed = { elapsedSeconds, decay: 0.5 ** (elapsedSeconds / HALF_LIFE_SECONDS), memoryTotalBytes: options.memoryTotalBytes }
  for (const process of processes) {
    if (process.sample === undefined) continue
    updateActivity(process, process.sample, passed)
    offer(chosen, process, options.max)
  }
  for (const process of processes) process.published = false
  for (const process of chosen) process.published = true
  return chosen.toSorted((a, b) => a.pid - b.pid)
}

/** What all processes have in common between two selections. */
interface Passed {
  readonly elapsedSeconds: number
  /** What is left of the activity before. */
  readonly decay: number
  readonly memoryTotalBytes: number
}

/** Keeps the `max` first of those offered, as a heap with the last of them on top: most of thousands are refused at one look. */
function offer(heap: TrackedProcess[], process: TrackedProcess, max: number): void {
  if (heap.length < max) {
    heap.push(process)
    rise(heap, heap.length - 1)
    return
  }
  const [last] = heap
  if (last === undefined || !isBefore(process, last)) return
  heap[0] = process
  sink(heap)
}

function rise(heap: TrackedProcess[], from: number): void {
  for (let at = from; at > 0;) {
    const parent = (at - 1) >> 1
    if (!swapIf(heap, parent, at)) return
    at = parent
  }
}

function sink(heap: TrackedProcess[]): void {
  for (let at = 0; ;) {
    const left = 2 * at + 1
    const [one, other] = [heap[left], heap[left + 1]]
    const child = one !== undefined && other !== undefined && isBefore(one, other) ? left + 1 : left
    if (!swapIf(heap, at, child)) return
    at = child
  }
}

/** Whether the one above came before the one below, and they have changed places. */
function swapIf(heap: TrackedProcess[], above: number, below: number): boolean {
  const [upper, lower] = [heap[above], heap[below]]
  if (upper === undefined || lower === undefined || !isBefore(upper, lower)) return false
  heap[above] = lower
  heap[below] = upper
  return true
}

function isBefore(a: TrackedProcess, b: TrackedProcess): boolean {
  const difference = rankOf(a) - rankOf(b)
  return difference > 0 || (difference === 0 && a.pid < b.pid)
}

function rankOf({ activity, published }: TrackedProcess): number {
  return activity * (published ? INCUMBENT_BONUS : 1)
}

function updateActivity(process: TrackedProcess, sample: ProcessSample, { elapsedSeconds, decay, memoryTotalBytes }: Passed): void {
  const effort = cpuSecondsOf(sample) + ioEffort(sample)
  const { filesCreated, selectedEffort, selectedFiles } = process
  const used = selectedEffort < 0 ? 0 : effort - selectedEffort
  const rate = (used + (filesCreated - selectedFiles)) / elapsedSeconds
  const now = Math.max(0, rate) + sample.residentBytes / memoryTotalBytes
  process.activity = Math.max(now, process.activity * decay)
  // An idle process keeps its numbers: to write one anew is to make a new one.
  if (effort !== selectedEffort) process.selectedEffort = effort
  if (filesCreated !== selectedFiles) process.selectedFiles = filesCreated
}

/** In seconds of a core. */
function ioEffort({ io }: ProcessSample): number {
  if (io === undefined) return 0
  return (io.readBytes + io.writtenBytes) / BYTES_OF_ONE_CORE + (io.readOperations + io.writeOperations) / OPERATIONS_OF_ONE_CORE
}
