/** Owns how many living descendants each process has, and how many of them are its own doing. Never reads a process. */
import type { TrackedProcess } from './tracked-process.ts'

/**
 * Writes `descendants` and `brood` of every one of `processes`. The brood leaves out what is below one single child of another
 * program, the one that has most: a shell has not done what the command does that it waits for, nor has the shell above that
 * shell. Leaves hand their number to their parents, and a parent is a leaf when all of
 * its children have. A scan is no single moment, so parents may seem to form a circle: nobody in it is ever a leaf, and it
 * counts only what hangs off it. Works in the processes themselves, for thousands of them are counted for every scrape.
 */
export function countDescendants(processes: readonly TrackedProcess[], byPid: { get(pid: number): TrackedProcess | undefined }): void {
  for (const process of processes) {
    process.descendants = 0
    process.childrenToCount = 0
    process.heaviestOther = 0
  }
  for (const process of processes) {
    const parent = parentOf(process, byPid)
    if (parent !== undefined) parent.childrenToCount++
  }
  for (const process of processes) {
    let at: TrackedProcess | undefined = process
    while (at !== undefined && at.childrenToCount === 0) {
      at.childrenToCount = COUNTED
      const parent = parentOf(at, byPid)
      if (parent === undefined) break
      parent.descendants += at.descendants + 1
      parent.heaviestOther = Math.max(parent.heaviestOther, at.group === parent.group ? at.heaviestOther : at.descendants + 1)
      parent.childrenToCount--
      at = parent
    }
  }
  for (const process of processes) process.brood = process.descendants - process.heaviestOther
}

const COUNTED = -1

function parentOf({ sample }: TrackedProcess, byPid: { get(pid: number): TrackedProcess | undefined }): TrackedProcess | undefined {
  const parent = sample === undefined ? undefined : byPid.get(sample.ppid)
  return parent?.sample === undefined ? undefined : parent
}
