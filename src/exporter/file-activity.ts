/**
 * Owns what is made of the events of files, from whatever source: counts by folder, credit to groups and processes, what happened
 * lately, copies of the same content, and the repair after lost events. Never watches anything.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import { dropOldest } from '../lib/oldest.ts'
import { DirectoryCounts, type CountedPlace } from './directory-counts.ts'
import { Duplicates, type DuplicatesSettings, type Earlier, type FileReader } from './duplicates.ts'
import { rescan } from './file-rescan.ts'
import { RecentFiles, type Writer } from './recent-files.ts'
import { NOBODY, newTally, type FileSink, type FileTally, type NewFile } from './sources/file-source.ts'

/** How created files come to be credited to processes. */
export interface Crediting {
  /** Takes in what is known of processes until now. */
  readonly prepare: () => void
  /** The process to credit what `pid` created. */
  readonly creditorOf: (pid: number, count: number) => number
  /** Counts the files and returns the name of the process's group. */
  readonly credit: (pid: number, count: number) => string
  readonly creditDeleted: (pid: number, count: number) => void
  /** One of the files of a process was compared with others. */
  readonly examined: (pid: number, group: string, isDuplicate: boolean) => void
}

export interface FileActivityOptions {
  readonly clock: { nowMs(): number }
  readonly log: Logger
  readonly duplicates: DuplicatesSettings
  readonly reader: FileReader
  /** Undefined when nobody keeps processes. */
  readonly crediting: Crediting | undefined
  /** Whether events come with the process behind them. */
  readonly attributes: () => boolean
  /** Real paths of the folders that are watched now. */
  readonly watched: () => readonly string[]
}

const WRITERS_MAX = 4096
/** Events within this time before: a storm is under way. */
const BUSY_MS = 300
const BUSY_FILES_MIN = 200
/** So many files of one content are copies of each other, whoever made them. */
const STRANGERS_COPIES_MIN = 10

type Tallies = ReadonlyMap<CountedPlace, ReadonlyMap<number, FileTally>>

export class FileActivity implements FileSink<CountedPlace> {
  readonly counts: DirectoryCounts
  readonly recent: RecentFiles
  readonly duplicates: Duplicates<CountedPlace>
  readonly #options: FileActivityOptions
  /** By the pid that events carry; the newest last. */
  readonly #writers = new Map<number, Writer>()
  readonly #stop = new AbortController()
  /** Files counted since the queue was last empty, by label. */
  readonly #sinceEmptied = new Map<string, number>()
  #overflows = 0
  #repaired = 0
  #uncertainSinceMs: number | undefined
  #repairing: Promise<void> = Promise.resolve()
  #busyMs = -Infinity

  constructor(options: FileActivityOptions) {
    this.#options = options
    this.counts = new DirectoryCounts(options.clock)
    this.recent = new RecentFiles(options.clock)
    this.duplicates = new Duplicates({
      settings: options.duplicates,
      reader: options.reader,
      clock: options.clock,
      // Nobody has to stay alive for it.
      sleep: (ms) => delay(ms, undefined, { ref: false }),
      examined: (file, sizeBytes, _isDuplicate, earlier) => this.#examined(file, sizeBytes, earlier),
      isBusy: () => options.clock.nowMs() - this.#busyMs < BUSY_MS,
    })
  }

  get overflows(): number {
    return this.#overflows
  }

  /** Files found by rescans after lost events. */
  get repaired(): number {
    return this.#repaired
  }

  locate(directory: string, raw?: Buffer): CountedPlace | undefined {
    return this.counts.locate(directory, raw)
  }

  happened(tallies: Tallies): void {
    this.#add(tallies)
    for (const [{ series, own }, byPid] of tallies) {
      if (series === undefined) continue
      let created = 0
      for (const tally of byPid.values()) created += tally.created
      // By the folder's own label: many may share one series.
      if (created > 0) this.#sinceEmptied.set(own.label, (this.#sinceEmptied.get(own.label) ?? 0) + created)
      if (created > BUSY_FILES_MIN) this.#busyMs = this.#options.clock.nowMs()
    }
  }

  #add(tallies: Tallies): void {
    const writers = this.#credit(tallies)
    for (const [place, byPid] of tallies) {
      for (const [pid, tally] of byPid) {
        const writer = writers.get(pid)
        this.counts.add(place, tally, writer?.group)
        if (place.series === undefined) continue
        this.recent.add(place.series.label, writer, tally)
      }
    }
  }

  wantsFinished(place: CountedPlace): boolean {
    return this.duplicates.wants(place)
  }

  finished(file: NewFile<CountedPlace>): void {
    this.duplicates.offer(file)
  }

  overflowed(sinceMs: number): void {
    this.#overflows++
    if (this.#overflows === 1)
      this.#options.log.warn('the kernel dropped file events: files born meanwhile are looked for, and counted without their writers')
    this.#uncertainSinceMs ??= sinceMs
  }

  emptied(): void {
    const fromMs = this.#uncertainSinceMs
    if (fromMs !== undefined) {
      this.#uncertainSinceMs = undefined
      const counted = new Map(this.#sinceEmptied)
      const untilMs = this.#options.clock.nowMs()
      this.#repairing = this.#repairing.then(() => this.#repair(fromMs, untilMs, counted))
    }
    this.#sinceEmptied.clear()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.duplicates.close()
    await this.#repairing
  }

  /** The writer behind each pid of the events. */
  #credit(tallies: Tallies): ReadonlyMap<number, Writer> {
    const { crediting } = this.#options
    const writers = new Map<number, Writer>()
    if (crediting === undefined || !this.#options.attributes()) return writers
    crediting.prepare()
    const created = new Map<number, number>()
    const deleted = new Map<number, number>()
    for (const byPid of tallies.values()) {
      for (const [pid, tally] of byPid) {
        created.set(pid, (created.get(pid) ?? 0) + tally.created)
        deleted.set(pid, (deleted.get(pid) ?? 0) + tally.deleted)
      }
    }
    const creditors = new Map<number, { readonly pids: number[]; count: number; deleted: number }>()
    for (const [pid, count] of created) {
      const creditor = crediting.creditorOf(pid, count)
      const of = creditors.get(creditor) ?? { pids: [], count: 0, deleted: 0 }
      creditors.set(creditor, of)
      of.pids.push(pid)
      of.count += count
      of.deleted += deleted.get(pid) ?? 0
    }
    for (const [creditor, { pids, count, deleted: gone }] of creditors) {
      const writer = { pid: creditor > 0 ? creditor : undefined, group: crediting.credit(creditor, count) }
      if (gone > 0 && creditor > 0) crediting.creditDeleted(creditor, gone)
      for (const pid of pids) {
        writers.set(pid, writer)
        this.#writers.delete(pid)
        dropOldest(this.#writers, WRITERS_MAX)
        this.#writers.set(pid, writer)
      }
    }
    return writers
  }

  /**
   * A program that writes one content over and over has made the earlier ones itself. An archive that is unpacked a second time, or a
   * build that is done again, makes each of its files once: that they were there before says nothing about it.
   */
  #examined(file: NewFile<CountedPlace>, sizeBytes: number, { copies, pids }: Earlier): void {
    const { place } = file
    const writer = this.#writers.get(file.pid)
    const isOwn = copies > 0 && (writer?.pid === undefined || pids.some((pid) => this.#writers.get(pid)?.pid === writer.pid))
    // Many processes that each write it once and have nobody in common make copies as well.
    this.counts.addExamined(place, isOwn || copies >= STRANGERS_COPIES_MIN)
    if (writer?.pid !== undefined) this.#options.crediting?.examined(writer.pid, writer.group, isOwn)
    if (place.series !== undefined) this.recent.addExamined(place.series.label, writer, sizeBytes, isOwn)
  }

  /** Adds the files born in the gap that no event told of. Nobody can say who made them, and those that are gone stay uncounted. */
  async #repair(fromMs: number, untilMs: number, counted: ReadonlyMap<string, number>): Promise<void> {
    const { log, watched } = this.#options
    const born = new Map<string, { readonly place: CountedPlace; count: number; example: string | undefined }>()
    try {
      const isComplete = await rescan({
        roots: outermost(watched()),
        fromMs,
        untilMs,
        signal: this.#stop.signal,
        enters: (directory) => this.counts.locate(directory)?.isIgnored === false || isAbove(directory, watched()),
        born: (directory, names) => {
          const place = this.counts.locate(directory)
          if (place === undefined || place.isIgnored) return
          const known = born.get(place.own.label) ?? { place, count: 0, example: undefined }
          born.set(place.own.label, known)
          for (const name of names) if (!place.ignores(name.toString())) known.count++
          known.example ??= names[0]?.toString()
        },
      })
      let found = 0
      for (const [label, { place, count, example }] of born) {
        const missed = Math.max(0, count - (counted.get(label) ?? 0))
        if (missed === 0) continue
        found += missed
        this.#add(new Map([[place, new Map([[NOBODY, { ...newTally(), created: missed, example }]])]]))
      }
      this.#repaired += found
      if (!this.#stop.signal.aborted)
        log.info(
          `${found} files born while the kernel dropped events were found${isComplete ? '' : ' in the folders that could be looked into in time'}`,
        )
    } catch (error) {
      log.error(`files born while the kernel dropped events cannot be looked for: ${messageOf(error)}`)
    }
  }
}

function outermost(paths: readonly string[]): string[] {
  return paths.filter((path) => !paths.some((other) => other !== path && isBelow(path, other)))
}

function isAbove(directory: string, paths: readonly string[]): boolean {
  return paths.some((path) => path === directory || isBelow(path, directory))
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder === '/' ? '/' : `${folder}/`)
}
