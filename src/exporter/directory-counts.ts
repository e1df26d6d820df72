/** Owns the number of files created per folder: which folder has a series, what lies too deep for one, and what is never counted. */
import { dropOldest } from '../lib/oldest.ts'
import { compileIgnored, type IgnoredNames } from './ignored-names.ts'
import type { FileTally, Place } from './sources/file-source.ts'

/** A watched folder that exists, or did when it was last looked for. */
export interface CountedRoot {
  /** The path as configured: what the label shows. */
  readonly path: string
  /** The path with every symbolic link resolved: what events carry. The same as `path` while it does not exist. */
  readonly realPath: string
  readonly depth: number
  readonly ignore: readonly string[]
}

export interface DirectoryCountsSettings {
  readonly roots: readonly CountedRoot[]
  /** Real paths. */
  readonly exclude: readonly string[]
  readonly directoriesMax: number
}

/** One label of procwarden_files_created_total. */
export interface DirectorySeries {
  readonly label: string
  /** To ask whether it still exists; undefined for "other". */
  readonly path: string | Buffer | undefined
  readonly isRoot: boolean
  /** Files created. */
  count: number
  deleted: number
  moved: number
  ignored: number
  examined: number
  duplicates: number
  lastActiveMs: number
  readonly pace: Pace
  /** Files created by group, where the group is known. */
  readonly writers: Map<string, number>
}

/** The files of one folder, deeper than its series or not. */
export interface CountedPlace extends Place {
  /** As of the last count; undefined before the first. Another folder's may have taken its place since. */
  series: DirectorySeries | undefined
  /** What a series of its own is called, and its path. */
  readonly own: { readonly label: string; readonly path: string | Buffer; readonly isRoot: boolean }
}

/** How much happened lately, in whole windows of PACE_WINDOW_MS: this one and the one before. */
interface Pace {
  windowStartMs: number
  current: number
  before: number
}

const PACE_WINDOW_MS = 300_000
/** A folder without a series must be this much busier than the quietest with one to take its series. */
const BUSIER_RATIO = 2
const BUSIER_FILES_MIN = 20
const TAKE_OVER_INTERVAL_MS = 1000
const OTHER_DIRECTORY = 'other'
const WRITERS_MAX = 20

interface CompiledRoot extends CountedRoot, IgnoredNames {
  readonly prefix: string
}

export class DirectoryCounts {
  readonly #clock: { nowMs(): number }
  readonly #series = new Map<string, DirectorySeries>()
  /** Folders without a series, in the order of their last files. */
  readonly #waiting = new Map<string, Pace>()
  #takenOverMs = -Infinity
  #roots: readonly CompiledRoot[] = []
  #exclude: readonly string[] = []
  #directoriesMax = 0
  #folded = 0

  constructor(clock: { nowMs(): number }) {
    this.#clock = clock
  }

  /** Takes new roots; the counts of folders that are still watched go on, the others are dropped. */
  configure(settings: DirectoryCountsSettings): void {
    this.#directoriesMax = settings.directoriesMax
    this.#exclude = settings.exclude
    this.#roots = settings.roots
      .map((root) => ({ ...root, prefix: root.realPath === '/' ? '/' : `${root.realPath}/`, ...compileIgnored(root.ignore) }))
      .toSorted((a, b) => b.prefix.length - a.prefix.length)
    for (const label of this.#series.keys()) {
      if (label !== OTHER_DIRECTORY && !settings.roots.some((root) => isWithin(label, root.path))) this.#series.delete(label)
    }
    for (const root of settings.roots) this.#ensure(root.path, root.realPath, true)
  }

  series(): Iterable<DirectorySeries> {
    return this.#series.values()
  }

  /** How often a folder was found that the cap left without a series of its own. */
  get folded(): number {
    return this.#folded
  }

  /** Where files in `directory` (a real path) count; undefined when they do not. The longest root decides. */
  locate(directory: string, raw?: Buffer): CountedPlace | undefined {
    const root = this.#roots.find((candidate) => directory === candidate.realPath || directory.startsWith(candidate.prefix))
    if (root === undefined || this.#exclude.some((path) => isWithin(directory, path))) return undefined
    const folders = directory
      .slice(root.prefix.length)
      .split('/')
      .filter((name) => name !== '')
    const firstIgnored = folders.findIndex((_, index) => root.isIgnoredPath(folders.slice(0, index + 1)))
    const isIgnored = firstIgnored >= 0
    // What is ignored is told of the folder that holds it.
    const counted = isIgnored ? folders.slice(0, firstIgnored) : folders
    const names = counted.slice(0, root.depth)
    const path = names.length === folders.length ? (raw ?? directory) : join(root.realPath, names)
    const own =
      names.length === 0 ? { label: root.path, path: root.realPath, isRoot: true } : { label: join(root.path, names), path, isRoot: false }
    const { ignoredNames, ignoresName, globsPaths } = root
    const ignores = globsPaths ? (name: string) => root.isIgnoredPath([...folders, name]) : ignoresName
    return { series: undefined, own, isIgnored, ignoredNames, ignores }
  }

  /** Adds what happened, and who created files as far as that is known. */
  add(place: CountedPlace, tally: Omit<FileTally, 'example'>, group?: string): void {
    const nowMs = this.#clock.nowMs()
    const series = this.#seriesOf(place, tally.created, nowMs)
    series.count += tally.created
    series.deleted += tally.deleted
    series.moved += tally.moved
    series.ignored += tally.ignored
    if (tally.created > 0 || tally.moved > 0) series.lastActiveMs = nowMs
    move(series.pace, tally.created, nowMs)
    if (group === undefined || tally.created === 0) return
    const { writers } = series
    if (writers.has(group) || writers.size < WRITERS_MAX) writers.set(group, (writers.get(group) ?? 0) + tally.created)
  }

  /** A new file was looked at. */
  addExamined(place: CountedPlace, isDuplicate: boolean): void {
    const { series } = place
    if (series === undefined) return
    series.examined++
    if (isDuplicate) series.duplicates++
  }

  /** Drops the series of sub-folders that have been quiet since and that `exists` denies. */
  expire(olderThanMs: number, exists: (path: string | Buffer) => boolean): void {
    for (const [label, series] of this.#series) {
      if (!series.isRoot && series.path !== undefined && series.lastActiveMs < olderThanMs && !exists(series.path))
        this.#series.delete(label)
    }
  }

  #ensure(label: string, path: string | Buffer, isRoot: boolean): DirectorySeries {
    const known = this.#series.get(label)
    if (known !== undefined) return known
    if (isRoot || this.#series.size < this.#directoriesMax) return this.#create(label, path, isRoot)
    this.#folded++
    return this.#series.get(OTHER_DIRECTORY) ?? this.#create(OTHER_DIRECTORY, undefined, false)
  }

  /** Its own series may have gone to a busier folder, and it may have become busy enough to get one. */
  #seriesOf(place: CountedPlace, created: number, nowMs: number): DirectorySeries {
    const { label, path, isRoot } = place.own
    let { series } = place
    if (series === undefined || this.#series.get(series.label) !== series) series = this.#ensure(label, path, isRoot)
    else if (series.label === OTHER_DIRECTORY && label !== OTHER_DIRECTORY) series = this.#series.get(label) ?? series
    if (series.label === OTHER_DIRECTORY && this.#isBusyEnough(label, created, nowMs)) series = this.#create(label, path, false)
    place.series = series
    return series
  }

  /** Whether the folder may have a series of its own now: the quietest sub-folder's has been dropped for it, or there is room. */
  #isBusyEnough(label: string, created: number, nowMs: number): boolean {
    const pace = this.#waiting.get(label) ?? { windowStartMs: nowMs, current: 0, before: 0 }
    this.#waiting.delete(label)
    dropOldest(this.#waiting, this.#directoriesMax)
    this.#waiting.set(label, pace)
    const busy = move(pace, created, nowMs)
    if (busy < BUSIER_FILES_MIN || nowMs - this.#takenOverMs < TAKE_OVER_INTERVAL_MS) return false
    this.#takenOverMs = nowMs
    if (this.#series.size >= this.#directoriesMax) {
      const quietest = this.#quietest(nowMs)
      if (quietest === undefined || busy < BUSIER_RATIO * move(quietest.pace, 0, nowMs)) return false
      this.#series.delete(quietest.label)
    }
    return this.#waiting.delete(label)
  }

  #quietest(nowMs: number): DirectorySeries | undefined {
    let quietest: DirectorySeries | undefined
    for (const series of this.#series.values()) {
      if (series.isRoot || series.label === OTHER_DIRECTORY) continue
      if (quietest === undefined || move(series.pace, 0, nowMs) < move(quietest.pace, 0, nowMs)) quietest = series
    }
    return quietest
  }

  #create(label: string, path: string | Buffer | undefined, isRoot: boolean): DirectorySeries {
    const nowMs = this.#clock.nowMs()
    const series: DirectorySeries = {
      label,
      path,
      isRoot,
      count: 0,
      deleted: 0,
      moved: 0,
      ignored: 0,
      examined: 0,
      duplicates: 0,
      lastActiveMs: nowMs,
      pace: { windowStartMs: nowMs, current: 0, before: 0 },
      writers: new Map(),
    }
    this.#series.set(label, series)
    return series
  }
}

/** Whether `path` is `folder` or below it. */
function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}

/** Adds to the pace and returns what it is: what happened within the last one to two windows. */
function move(pace: Pace, created: number, nowMs: number): number {
  const windows = Math.floor((nowMs - pace.windowStartMs) / PACE_WINDOW_MS)
  if (windows > 0) {
    pace.before = windows === 1 ? pace.current : 0
    pace.current = 0
    pace.windowStartMs += windows * PACE_WINDOW_MS
  }
  pace.current += created
  return pace.before + pace.current
}

function join(base: string, names: readonly string[]): string {
  return `${base === '/' ? '' : base}/${names.join('/')}`
}
