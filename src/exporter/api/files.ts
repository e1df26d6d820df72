/** Owns what /api/files tells: the watched folders with what was created in them, and by which groups. */
import type { FilesView } from './list-schemas.ts'
import type { FileWatch } from '../file-watch.ts'

const WRITERS_MAX = 5

export type { FilesView } from './list-schemas.ts'

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
