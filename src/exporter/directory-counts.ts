/** Owns the number of files created per folder: which folder has a series, what lies too deep for one, and what is never counted. */
import type { Place } from './sources/file-source.ts'

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
  count: number
  lastActiveMs: number
  /** Files by group, where the group is known. */
  readonly writers: Map<string, number>
}

/** The files of one folder, deeper than its series or not. */
export interface CountedPlace extends Place {
  readonly series: DirectorySeries
}

const OTHER_DIRECTORY = 'other'
const WRITERS_MAX = 20

interface CompiledRoot extends CountedRoot {
  readonly prefix: string
  readonly ignores: (name: string) => boolean
}

export class DirectoryCounts {
  readonly #clock: { nowMs(): number }
  readonly #series = new Map<string, DirectorySeries>()
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
      .map((root) => ({ ...root, prefix: root.realPath === '/' ? '/' : `${root.realPath}/`, ignores: compileIgnore(root.ignore) }))
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
    if (folders.some(root.ignores)) return undefined
    const own = folders.slice(0, root.depth)
    const series =
      own.length === 0
        ? this.#ensure(root.path, root.realPath, true)
        : this.#ensure(join(root.path, own), own.length === folders.length ? (raw ?? directory) : join(root.realPath, own), false)
    return { series, ignores: root.ignores }
  }

  /** Adds created files, and who made them as far as that is known. */
  add(place: CountedPlace, count: number, group?: string): void {
    const { series } = place
    series.count += count
    series.lastActiveMs = this.#clock.nowMs()
    if (group === undefined) return
    if (series.writers.has(group) || series.writers.size < WRITERS_MAX) series.writers.set(group, (series.writers.get(group) ?? 0) + count)
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

  #create(label: string, path: string | Buffer | undefined, isRoot: boolean): DirectorySeries {
    const series: DirectorySeries = { label, path, isRoot, count: 0, lastActiveMs: this.#clock.nowMs(), writers: new Map() }
    this.#series.set(label, series)
    return series
  }
}

/** Whether `path` is `folder` or below it. */
function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}

/** Names as they are; with * or ? as patterns of a whole name. */
function compileIgnore(patterns: readonly string[]): (name: string) => boolean {
  const names = new Set(patterns.filter((pattern) => !/[*?]/.test(pattern)))
  const globs = patterns.filter((pattern) => /[*?]/.test(pattern)).map(globToRegExp)
  return globs.length === 0 ? (name) => names.has(name) : (name) => names.has(name) || globs.some((glob) => glob.test(name))
}

function globToRegExp(glob: string): RegExp {
  const source = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*+/g, '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 'su')
}

function join(base: string, names: readonly string[]): string {
  return `${base === '/' ? '' : base}/${names.join('/')}`
}
