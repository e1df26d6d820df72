/** Owns the shape of /api/files: the watched folders with what was created in them, and by which groups. */
import type { FileWatch } from '../file-watch.ts'

const WRITERS_MAX = 5

export interface FilesView {
  readonly backends: ReadonlyArray<{ readonly backend: string; readonly reason: string }>
  readonly overflows: number
  readonly directories: ReadonlyArray<{
    readonly directory: string
    readonly isRoot: boolean
    readonly filesCreated: number
    /** The groups that created most; empty where the backend knows no processes. */
    readonly topWriters: ReadonlyArray<{ readonly group: string; readonly filesCreated: number }>
  }>
}

/** The busiest folder first. */
export function viewFiles(watch: FileWatch): FilesView {
  return {
    backends: [...watch.backends].map(([backend, reason]) => ({ backend, reason })),
    overflows: watch.overflows,
    directories: [...watch.counts.series()]
      .map((series) => ({
        directory: series.label,
        isRoot: series.isRoot,
        filesCreated: series.count,
        topWriters: [...series.writers]
          .map(([group, filesCreated]) => ({ group, filesCreated }))
          .toSorted((a, b) => b.filesCreated - a.filesCreated)
          .slice(0, WRITERS_MAX),
      }))
      .toSorted((a, b) => b.filesCreated - a.filesCreated),
  }
}
