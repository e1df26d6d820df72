/** Owns what /api/files tells: the watched folders with what was created in them, by whom, and what happened in the last minutes. */
import type { FilesView, RecentDirectoryView, RecentView, RecentWriterView } from './list-schemas.ts'
import type { FileWatch } from '../file-watch.ts'
import { RECENT_WINDOW_SECONDS, type RecentEntry, type Writer } from '../recent-files.ts'

const WRITERS_MAX = 5
const RECENT_MAX = 100
const EXAMPLES_MAX = 5

export type { FilesView } from './list-schemas.ts'

/** The busiest folder first. */
export function viewFiles(watch: FileWatch): FilesView {
  const { activity } = watch
  const entries = activity.recent.entries()
  return {
    backends: [...watch.backends].map(([backend, reason]) => ({ backend, reason })),
    overflows: activity.overflows,
    directories: [...activity.counts.series()]
      .map((series) => ({
        directory: series.label,
        isRoot: series.isRoot,
        filesCreated: series.count,
        filesDeleted: series.deleted,
        topWriters: [...series.writers]
          .map(([group, filesCreated]) => ({ group, filesCreated }))
          .toSorted((a, b) => b.filesCreated - a.filesCreated)
          .slice(0, WRITERS_MAX),
      }))
      .toSorted((a, b) => b.filesCreated - a.filesCreated),
    recent: {
      windowSeconds: RECENT_WINDOW_SECONDS,
      directories: [...Map.groupBy(entries, ({ directory }) => directory)]
        .map(([directory, of]) => ({ directory, ...sumUp(of, watch.attributes), writers: writersOf(of) }))
        .toSorted(busiestFirst)
        .slice(0, RECENT_MAX),
      writers: viewWriters(entries, watch.attributes),
    },
    largestDuplicateSet: viewLargest(watch),
  }
}

type Written = RecentEntry & { readonly writer: Writer }

function viewWriters(entries: readonly RecentEntry[], attributes: boolean): RecentWriterView[] {
  const written = entries.filter((entry): entry is Written => entry.writer !== undefined)
  return [...Map.groupBy(written, ({ writer }) => `${writer.pid} ${writer.group}`).values()]
    .flatMap((of) => {
      const writer = of[0]?.writer
      if (writer === undefined) return []
      const directories = of
        .map(({ directory, figures }) => ({ directory, filesCreated: figures.created }))
        .toSorted((a, b) => b.filesCreated - a.filesCreated)
        .slice(0, WRITERS_MAX)
      return [{ group: writer.group, pid: writer.pid ?? null, ...sumUp(of, attributes), directories }]
    })
    .toSorted(busiestFirst)
    .slice(0, RECENT_MAX)
}

function writersOf(entries: readonly RecentEntry[]): RecentDirectoryView['writers'] {
  return entries
    .flatMap(({ writer, figures }) =>
      writer === undefined ? [] : [{ group: writer.group, pid: writer.pid ?? null, filesCreated: figures.created }],
    )
    .filter(({ filesCreated }) => filesCreated > 0)
    .toSorted((a, b) => b.filesCreated - a.filesCreated)
    .slice(0, WRITERS_MAX)
}

function sumUp(entries: readonly RecentEntry[], attributes: boolean): RecentView {
  const sum = (figure: keyof RecentEntry['figures']): number => entries.reduce((total, { figures }) => total + figures[figure], 0)
  const [created, examined] = [sum('created'), sum('examined')]
  return {
    filesCreated: created,
    filesDeleted: sum('deleted'),
    filesMoved: attributes ? sum('moved') : null,
    filesIgnored: attributes ? sum('ignored') : null,
    filesCreatedPerSecond: round(created / Math.max(1, ...entries.map(({ spanSeconds }) => spanSeconds))),
    bytes: examined === 0 ? null : Math.round((sum('examinedBytes') / examined) * Math.max(created, examined)),
    filesExamined: examined,
    duplicateShare: examined === 0 ? null : round(sum('duplicates') / examined),
    examples: entries.flatMap(({ examples }) => examples).slice(-EXAMPLES_MAX),
  }
}

function viewLargest(watch: FileWatch): FilesView['largestDuplicateSet'] {
  const set = watch.activity.duplicates.largest()
  if (set === undefined) return null
  const { copies, sizeBytes, hash, examples } = set
  return { copies, sizeBytes, wastedBytes: sizeBytes * (copies - 1), sha256: hash, examples: [...examples] }
}

function busiestFirst(a: RecentView, b: RecentView): number {
  return b.filesCreated - a.filesCreated || (b.filesIgnored ?? 0) - (a.filesIgnored ?? 0)
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
