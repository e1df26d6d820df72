/** Owns the series of watched folders and of the watch itself. The files of groups and processes are the processes collector's. */
import type { Collector } from '../collector.ts'
import type { DirectorySeries } from '../directory-counts.ts'
import type { Exposition, Family } from '../exposition.ts'
import type { FileWatch } from '../file-watch.ts'

const ofDirectory = (name: string, help: string): Family => ({ name, type: 'counter', help, labels: ['directory'] })
const ofWatch = (name: string, help: string): Family => ({ name, type: 'counter', help, labels: [] })

export const FILES_CREATED = ofDirectory(
  'procwarden_files_created_total',
  'Files created in the folder, and in those below it that have no series of their own; "other" for folders beyond the cap.',
)
export const FILES_DELETED = ofDirectory('procwarden_files_deleted_total', 'Files deleted in the folder.')
export const FILES_MOVED = ofDirectory(
  'procwarden_files_moved_total',
  'Files that got their name in the folder by a rename, from there or elsewhere; absent without fanotify.',
)
export const FILES_IGNORED = ofDirectory(
  'procwarden_files_ignored_total',
  'Files created under names that are not counted, such as node_modules, in the folder or below; absent without fanotify.',
)
export const FILES_EXAMINED = ofDirectory(
  'procwarden_files_examined_total',
  'New files of the folder that were compared with other new ones, as far as the budget for that reaches.',
)
export const FILES_DUPLICATES = ofDirectory(
  'procwarden_files_duplicates_total',
  'New files of the folder that have the same content as one that the same process made before, where processes are known, or as ten of anybody; of those that were examined.',
)
export const BACKEND_INFO: Family = {
  name: 'procwarden_file_watch_backend_info',
  type: 'gauge',
  help: 'Always 1; what watches the folders, and why it is this: fanotify names processes, chokidar does not.',
  labels: ['backend', 'reason'],
}
export const OVERFLOWS = ofWatch(
  'procwarden_file_watch_overflows_total',
  'Times the kernel dropped file events because they were not read in time.',
)
export const REPAIRED = ofWatch(
  'procwarden_file_watch_repaired_files_total',
  'Files that a rescan after dropped events found and added to the counts, with nobody known to have made them.',
)
export const UNEXAMINED = ofWatch(
  'procwarden_files_unexamined_total',
  'New files that were not compared with others, because there were too many for the budget or they are too large.',
)

export function createFilesCollector(watch: FileWatch): Collector {
  return {
    name: 'files',
    collect: async (out: Exposition) => {
      await watch.drain()
      const { activity } = watch
      const { duplicates } = activity
      const series = [...activity.counts.series()].toSorted((a, b) => (a.label < b.label ? -1 : 1))
      const each = (family: Family, figure: (one: DirectorySeries) => number): void =>
        out.family(
          family,
          series.map((one) => [[one.label], figure(one)]),
        )
      each(FILES_CREATED, (one) => one.count)
      each(FILES_DELETED, (one) => one.deleted)
      if (watch.attributes) {
        each(FILES_MOVED, (one) => one.moved)
        each(FILES_IGNORED, (one) => one.ignored)
      }
      if (duplicates.isEnabled) {
        each(FILES_EXAMINED, (one) => one.examined)
        each(FILES_DUPLICATES, (one) => one.duplicates)
        out.family(UNEXAMINED, [[[], duplicates.skipped]])
      }
      out.family(
        BACKEND_INFO,
        [...watch.backends].map(([backend, reason]) => [[backend, reason], 1]),
      )
      out.family(OVERFLOWS, [[[], activity.overflows]])
      out.family(REPAIRED, [[[], activity.repaired]])
    },
  }
}
