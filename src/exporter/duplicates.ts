/**
 * Owns finding new files of the same content: by size first, and by a hash of the content where sizes agree, within a budget of
 * files and bytes per second. What there is no budget for is left out, and told as not examined.
 */
import { dropOldest } from '../lib/oldest.ts'
import type { NewFile, Place } from './sources/file-source.ts'

/** What a look at a file without opening it tells. */
export interface FileFacts {
  readonly sizeBytes: number
  /** The file's identity: device and inode. */
  readonly id: string
}

export interface FileReader {
  /** Undefined when there is no regular file of this name (any more). Never follows a link. */
  look(path: string | Buffer): Promise<FileFacts | undefined>
  /** A hash of the content; undefined when the file cannot be read or is not the one looked at. */
  hash(path: string | Buffer, facts: FileFacts): Promise<string | undefined>
}

export interface DuplicatesSettings {
  readonly enabled: boolean
  readonly filesPerSecond: number
  readonly bytesPerSecond: number
  /** Larger files are left out. */
  readonly fileBytesMax: number
}

export interface DuplicatesOptions<Counted extends Place> {
  readonly settings: DuplicatesSettings
  readonly reader: FileReader
  readonly clock: { nowMs(): number }
  readonly sleep: (ms: number) => Promise<void>
  /** A file was examined. `earlier`: of those with its content. */
  readonly examined: (file: NewFile<Counted>, sizeBytes: number, isDuplicate: boolean, earlier: Earlier) => void
  /** Whether events keep coming: then the time is theirs. */
  readonly isBusy: () => boolean
}

/** What is known of the files that had a content before. */
export interface Earlier {
  readonly copies: number
  /** Whose they were, the last few, as events carry them. */
  readonly pids: readonly number[]
}

/** Files of the same content. */
export interface DuplicateSet {
  readonly sizeBytes: number
  readonly hash: string
  /** All of them, the first included. */
  copies: number
  readonly examples: string[]
  lastMs: number
}

const WAITING_MAX = 4096
/** So that a storm in one folder leaves room for others. */
const WAITING_PER_PLACE_MAX = 3072
const SIZES_MAX = 4096
const SETS_MAX = 2048
const EXAMPLES_MAX = 5
/** Whose files had a content, the last ones. */
const PIDS_MAX = 8
const NONE: Earlier = { copies: 0, pids: [] }
const TICK_MS = 100
/** While events keep coming, this share of the budget is used, and the event loop is woken less often. */
const BUSY_SHARE = 0.02
const BUSY_TICK_MS = 500

/** The first file of a size is not read until there is a second one. */
interface SizeEntry {
  first: { readonly path: string | Buffer; readonly facts: FileFacts; readonly pid: number } | undefined
}

export class Duplicates<Counted extends Place> {
  readonly #options: DuplicatesOptions<Counted>
  readonly #waiting: Array<NewFile<Counted>> = []
  readonly #waitingByPlace = new Map<Counted, number>()
  /** The oldest first, like the sets. */
  readonly #sizes = new Map<number, SizeEntry>()
  readonly #sets = new Map<string, DuplicateSet & { readonly ids: Set<string>; readonly pids: Set<number> }>()
  #settings: DuplicatesSettings
  #skipped = 0
  #running: Promise<void> | undefined
  #closed = false

  constructor(options: DuplicatesOptions<Counted>) {
    this.#options = options
    this.#settings = options.settings
  }

  get isEnabled(): boolean {
    return this.#settings.enabled
  }

  /** New files that were not examined because too many came at once. */
  get skipped(): number {
    return this.#skipped
  }

  /** Files that are still to be examined. */
  get waiting(): number {
    return this.#waiting.length
  }

  configure(settings: DuplicatesSettings): void {
    this.#settings = settings
  }

  /** Counts what it does not want as skipped. */
  wants(place: Counted): boolean {
    if (!this.#settings.enabled) return false
    if (this.#waiting.length < WAITING_MAX && (this.#waitingByPlace.get(place) ?? 0) < WAITING_PER_PLACE_MAX) return true
    this.#skipped++
    return false
  }

  offer(file: NewFile<Counted>): void {
    this.#waiting.push(file)
    this.#waitingByPlace.set(file.place, (this.#waitingByPlace.get(file.place) ?? 0) + 1)
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** The largest set by the bytes it wastes, of equals the one with most copies; undefined without any. */
  largest(): DuplicateSet | undefined {
    let largest: DuplicateSet | undefined
    for (const set of this.#sets.values()) {
      if (set.copies < 2) continue
      const more = largest === undefined ? 1 : wasted(set) - wasted(largest) || set.copies - largest.copies
      if (more > 0) largest = set
    }
    return largest
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#waiting.length = 0
    await this.#running
  }

  /** One file after the other, in ticks: each has its share of the budget of files and bytes. */
  async #run(): Promise<void> {
    let owedBytes = 0
    while (this.#waiting.length > 0 && !this.#closed) {
      const isBusy = this.#options.isBusy()
      const tickMs = isBusy ? BUSY_TICK_MS : TICK_MS
      await this.#options.sleep(tickMs)
      const share = (isBusy ? BUSY_SHARE : 1) * (tickMs / 1000)
      const { filesPerSecond, bytesPerSecond } = this.#settings
      owedBytes = Math.max(0, owedBytes - bytesPerSecond * share)
      for (const file of this.#waiting.splice(0, Math.max(1, Math.round(filesPerSecond * share)))) {
        this.#leave(file.place)
        if (this.#closed || !this.#settings.enabled) continue
        if (owedBytes > bytesPerSecond) this.#skipped++
        else owedBytes += await this.#examine(file)
      }
    }
  }

  #leave(place: Counted): void {
    const left = (this.#waitingByPlace.get(place) ?? 1) - 1
    if (left > 0) this.#waitingByPlace.set(place, left)
    else this.#waitingByPlace.delete(place)
  }

  /** Returns how many bytes were read. */
  async #examine(file: NewFile<Counted>): Promise<number> {
    const path = pathOf(file)
    const { reader, examined } = this.#options
    const facts = await reader.look(path)
    if (facts === undefined) return 0
    if (facts.sizeBytes > this.#settings.fileBytesMax) {
      this.#skipped++
      return 0
    }
    if (facts.sizeBytes === 0) {
      this.#tell(file, facts, this.#compare(path, facts, '', file.pid))
      return 0
    }
    const known = this.#sizes.get(facts.sizeBytes)
    if (known === undefined) {
      keep(this.#sizes, facts.sizeBytes, { first: { path, facts, pid: file.pid } }, SIZES_MAX)
      examined(file, facts.sizeBytes, false, NONE)
      return 0
    }
    let readBytes = 0
    const { first } = known
    if (first !== undefined && first.facts.id !== facts.id) {
      known.first = undefined
      const hash = await reader.hash(first.path, first.facts)
      readBytes += first.facts.sizeBytes
      if (hash !== undefined) this.#compare(first.path, first.facts, hash, first.pid)
    }
    const hash = await reader.hash(path, facts)
    if (hash !== undefined) this.#tell(file, facts, this.#compare(path, facts, hash, file.pid))
    return readBytes + facts.sizeBytes
  }

  #tell(file: NewFile<Counted>, { sizeBytes }: FileFacts, earlier: Earlier): void {
    this.#options.examined(file, sizeBytes, earlier.copies > 0, earlier)
  }

  /** The files of this content before it. One seen again under another name has none. */
  #compare(path: string | Buffer, { sizeBytes, id }: FileFacts, hash: string, pid: number): Earlier {
    const key = `${sizeBytes}:${hash}`
    const set = this.#sets.get(key) ?? {
      sizeBytes,
      hash,
      copies: 0,
      examples: [],
      lastMs: 0,
      ids: new Set<string>(),
      pids: new Set<number>(),
    }
    keep(this.#sets, key, set, SETS_MAX)
    if (set.ids.has(id)) return NONE
    const earlier: Earlier = { copies: set.copies, pids: [...set.pids] }
    set.pids.delete(pid)
    dropOldest(set.pids, PIDS_MAX)
    set.pids.add(pid)
    dropOldest(set.ids, EXAMPLES_MAX)
    set.ids.add(id)
    set.copies++
    set.lastMs = this.#options.clock.nowMs()
    if (set.examples.length < EXAMPLES_MAX) set.examples.push(typeof path === 'string' ? path : path.toString('latin1'))
    return earlier
  }
}

function wasted({ sizeBytes, copies }: DuplicateSet): number {
  return sizeBytes * (copies - 1)
}

function pathOf({ directory, name }: NewFile<Place>): string | Buffer {
  const text = name.toString()
  if (typeof directory === 'string' && Buffer.from(text).equals(name)) return `${directory === '/' ? '' : directory}/${text}`
  return Buffer.concat([Buffer.from(directory), Buffer.from('/'), name])
}

/** As the newest; the oldest entries go first. */
function keep<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, max: number): void {
  map.delete(key)
  dropOldest(map, max)
  map.set(key, value)
}
