/** Owns the series of watched folders and of the watch itself. The files of groups and processes are the processes collector's. */
import type { Collector } from '../collector.ts'
import type { Exposition, Family } from '../exposition.ts'
import type { FileWatch } from '../file-watch.ts'

export const FILES_CREATED: Family = {
  name: 'procwarden_files_created_total',
  type: 'counter',
  help: 'Files created in the folder, and in those below it that have no series of their own; "other" for folders beyond the cap.',
  labels: ['directory'],
}
export const BACKEND_INFO: Family = {
  name: 'procwarden_file_watch_backend_info',
  type: 'gauge',
  help: 'Always 1; what watches the folders, and why it is this: fanotify names processes, chokidar does not.',
  labels: ['backend', 'reason'],
}
export const OVERFLOWS: Family = {
  name: 'procwarden_file_watch_overflows_total',
  type: 'counter',
  help: 'Times the kernel dropped file events because they were not read in time.',
  labels: [],
}

export function createFilesCollector(watch: FileWatch): Collector {
  return {
    name: 'files',
    collect: async (out: Exposition) => {
      await watch.drain()
      const series = [...watch.counts.series()].toSorted((a, b) => (a.label < b.label ? -1 : 1))
      out.family(
        FILES_CREATED,
        series.map((one) => [[one.label], one.count]),
      )
      out.family(
        BACKEND_INFO,
        [...watch.backends].map(([backend, reason]) => [[backend, reason], 1]),
      )
      out.family(OVERFLOWS, [[[], watch.overflows]])
    },
  }
}
