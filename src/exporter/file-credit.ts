/**
 * Owns deciding whom a created file is credited to: the process that made it, or the one that keeps starting processes that make
 * one each. A loop that runs `cp` three thousand times is the program to stop, and the three thousand dead ones are not.
 */
import { dropOldest } from '../lib/oldest.ts'

/** What is known of a process that lives, or ended a short while ago. */
export interface KnownLife {
  readonly parentPid: number
  /** Wall clock; no earlier than its birth and at most a moment later. */
  readonly bornMs: number
  readonly endedMs: number | undefined
  /** Programs executed since its birth. 0: it still is what its parent is. */
  readonly execs: number
  readonly group: string | undefined
}

export interface FileCreditOptions {
  readonly clock: { nowMs(): number }
  readonly lifeOf: (pid: number) => KnownLife | undefined
}

/** A process older than this does its work itself. */
const HELPER_LIFE_MS_MAX = 5_000
/** One that made more files than this is no helper for a file. */
const HELPER_FILES_MAX = 16
/** So many such helpers of one process within the window, and it is the one that makes the files. */
const HELPERS_MIN = 5
const HELPERS_WINDOW_MS = 60_000
const ANCESTORS_MAX = 4
const REMEMBERED_MAX = 8_192

/** Programs that make one file because somebody told them its name: what they do is always the doing of their parent. */
const UTILITIES: ReadonlySet<string> = new Set([
  'cat',
  'cp',
  'csplit',
  'dd',
  'fallocate',
  'install',
  'link',
  'ln',
  'mkfifo',
  'mknod',
  'mktemp',
  'mv',
  'shred',
  'split',
  'tee',
  'touch',
  'truncate',
])

interface Helpers {
  count: number
  sinceMs: number
  /** A helper counts once, however often its files are read. */
  lastPid: number
}

export class FileCredit {
  readonly #options: FileCreditOptions
  /** Files by young process; in the order of their first file. */
  readonly #files = new Map<number, number>()
  readonly #helpers = new Map<number, Helpers>()

  constructor(options: FileCreditOptions) {
    this.#options = options
  }

  /** The process to credit `count` files created by `pid` to. */
  creditorOf(pid: number, count: number): number {
    const chain = this.#chainOf(pid, count)
    const creditor = this.#repeater(chain) ?? this.#initiator(chain)
    for (const helper of chain) {
      remember(this.#files, helper, (this.#files.get(helper) ?? 0) + count)
      if (helper === creditor) break
    }
    return creditor
  }

  /** The process and its ancestors, as far up as each of them is young and has made few files. */
  #chainOf(pid: number, count: number): number[] {
    const chain = [pid]
    for (let at = pid; chain.length <= ANCESTORS_MAX;) {
      const life = this.#options.lifeOf(at)
      if (life === undefined || life.parentPid <= 1 || chain.includes(life.parentPid)) break
      const ageMs = (life.endedMs ?? this.#options.clock.nowMs()) - life.bornMs
      if (ageMs > HELPER_LIFE_MS_MAX || (this.#files.get(at) ?? 0) + count > HELPER_FILES_MAX) break
      at = life.parentPid
      chain.push(at)
    }
    return chain
  }

  /** The nearest ancestor that keeps starting helpers. */
  #repeater([pid, ...ancestors]: readonly number[]): number | undefined {
    const nowMs = this.#options.clock.nowMs()
    let nearest: number | undefined
    for (const ancestor of ancestors) {
      let helpers = this.#helpers.get(ancestor)
      if (helpers === undefined || nowMs - helpers.sinceMs > HELPERS_WINDOW_MS) helpers = { count: 0, sinceMs: nowMs, lastPid: -1 }
      if (pid !== undefined && helpers.lastPid !== pid) helpers.count++
      helpers.lastPid = pid ?? -1
      remember(this.#helpers, ancestor, helpers)
      if (helpers.count >= HELPERS_MIN) nearest ??= ancestor
    }
    return nearest
  }

  /** Above what is a mere fork of its parent, or a utility. */
  #initiator(chain: readonly number[]): number {
    let creditor = chain[0] ?? 0
    for (const [index, pid] of chain.entries()) {
      const parent = chain[index + 1]
      const life = this.#options.lifeOf(pid)
      if (parent === undefined || life === undefined) return creditor
      const isUtility = index === 0 && life.group !== undefined && UTILITIES.has(life.group)
      if (life.execs > 0 && !isUtility) return creditor
      // Whoever outlives its parent, as a daemon does, is its own master.
      if (life.endedMs === undefined && this.#options.lifeOf(parent)?.endedMs !== undefined) return creditor
      creditor = parent
    }
    return creditor
  }
}

/** The oldest entries go first. */
function remember<Value>(map: Map<number, Value>, key: number, value: Value): void {
  map.delete(key)
  dropOldest(map, REMEMBERED_MAX)
  map.set(key, value)
}
