/** Owns the fanotify descriptor: reading its events in short slices, turning folder handles into places, counting by place and pid. */
import { closeSync, readSync } from 'node:fs'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { OperationalError, errnoOf, messageOf } from '../../lib/errors.ts'
import { bytesToText } from '../../lib/linux/bytes-text.ts'
import {
  FAN_CLOSE_WRITE,
  FAN_CREATE,
  FAN_DELETE,
  FAN_MOVED_TO,
  FAN_ONDIR,
  FAN_Q_OVERFLOW,
  FanotifyCursor,
} from '../../lib/linux/fanotify-events.ts'
import type { Fanotify } from '../../lib/linux/fanotify.ts'
import type { Logger } from '../../lib/log.ts'
import { dropOldest } from '../../lib/oldest.ts'
import { newTally, type FileSink, type FileSource, type FileTally, type Place } from './file-source.ts'
import { WatchedFolders, type Folder } from './watched-folders.ts'

export interface FanotifySourceOptions<Counted extends Place> {
  readonly fanotify: Fanotify
  readonly sink: FileSink<Counted>
  readonly log: Logger
  readonly clock: { nowMs(): number }
  /** The kernel's queue is to have its usual end, fs.fanotify.max_queued_events. */
  readonly isQueueBounded?: boolean
}

const READ_BYTES = 1 << 18
/** The writer of a file is asked for its name when its event is read, so this is how short a life stays nameless. */
const DRAIN_INTERVAL_MS = 100
/** After this long at once, whoever waits for the event loop has a turn. */
const SLICE_MS_MAX = 20
/** A storm faster than we read must not keep a scrape waiting for its end. */
const DRAIN_MS_MAX = 1000
/** A file that is being written for longer than this many others have begun is not looked at when it is finished. */
const UNFINISHED_MAX = 4096
/** A folder's key: 8 bytes of file system id, 8 of header and at most MAX_HANDLE_SZ (128) of handle. */
const KEY_BYTES = 144
const SOMETHING_THERE = FAN_CREATE | FAN_MOVED_TO
/** The end of writing is not: it only tells when a new file may be looked at. */
const COUNTED = SOMETHING_THERE | FAN_DELETE

/** Starts at once, without a root. Throws OperationalError `denied` or `unsupported`. */
export class FanotifySource<Counted extends Place> implements FileSource {
  readonly backend = 'fanotify'
  readonly #options: FanotifySourceOptions<Counted>
  readonly #fd: number
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  readonly #cursor = new FanotifyCursor(this.#buffer)
  readonly #folders: WatchedFolders<Counted>
  /** Created and not yet closed: the folder's key and the name. */
  readonly #unfinished = new Set<string>()
  /** Of the event before, which most often is of the same folder and the same process. */
  readonly #lastKey = Buffer.alloc(KEY_BYTES)
  #lastKeyLength = -1
  #lastFolder: Folder<Counted> | undefined
  #lastPid = -1
  #lastTally: FileTally | undefined
  #tallies = new Map<Counted, Map<number, FileTally>>()
  #emptiedMs: number
  #draining: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #loggedFault: string | undefined

  constructor(options: FanotifySourceOptions<Counted>) {
    this.#options = options
    this.#folders = new WatchedFolders(options)
    this.#emptiedMs = options.clock.nowMs()
    this.#fd = options.fanotify.init(options.isQueueBounded ?? false)
    this.#schedule()
  }

  async watch(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
    await this.drain()
    const refused = new Map<string, string>()
    const watched: string[] = []
    const { fanotify, log } = this.#options
    for (const path of paths) {
      try {
        fanotify.markFilesystem(this.#fd, path)
        watched.push(path)
      } catch (error) {
        if (!(error instanceof OperationalError) && errnoOf(error) === undefined) throw error
        refused.set(path, messageOf(error))
      }
    }
    const { left, isLeftHidden, unreachable } = this.#folders.watch(watched)
    for (const [path, why] of unreachable) refused.set(path, why)
    try {
      if (isLeftHidden) {
        fanotify.unmarkAll(this.#fd)
        for (const path of watched) fanotify.markFilesystem(this.#fd, path)
      }
      for (const path of left) fanotify.unmarkFilesystem(this.#fd, path)
    } catch (error) {
      log.debug(`a file system that is watched no longer still sends its events: ${messageOf(error)}`)
    }
    this.#forgetLast()
    return refused
  }

  drain(): Promise<void> {
    this.#draining ??= this.#drainAll().finally(() => {
      this.#draining = undefined
    })
    return this.#draining
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#draining?.catch(() => undefined)
    closeSync(this.#fd)
  }

  #schedule(): void {
    if (this.#closed) return
    this.#timer = setTimeout(() => {
      this.drain().then(
        () => this.#schedule(),
        (error: unknown) => {
          this.#logOnce(messageOf(error))
          this.#schedule()
        },
      )
    }, DRAIN_INTERVAL_MS)
    this.#timer.unref()
  }

  async #drainAll(): Promise<void> {
    const endMs = performance.now() + DRAIN_MS_MAX
    while (!this.#closed && this.#drainSlice() && performance.now() < endMs) await yieldToOthers()
  }

  /** Reads until nothing is left or the slice is over; true when there may be more. */
  #drainSlice(): boolean {
    const endMs = performance.now() + SLICE_MS_MAX
    let more = true
    try {
      while (more && performance.now() < endMs) {
        const size = this.#read()
        more = size > 0
        this.#cursor.begin(size)
        while (this.#cursor.next()) this.#take(this.#cursor)
      }
    } finally {
      this.#folders.rest()
      this.#handOver()
    }
    if (!more) {
      this.#emptiedMs = this.#options.clock.nowMs()
      this.#options.sink.emptied()
    }
    return more
  }

  #handOver(): void {
    if (this.#tallies.size === 0) return
    const tallies = this.#tallies
    this.#tallies = new Map()
    this.#lastTally = undefined
    this.#options.sink.happened(tallies)
  }

  #read(): number {
    try {
      return readSync(this.#fd, this.#buffer)
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return 0
      throw error
    }
  }

  #take(event: FanotifyCursor): void {
    const { mask } = event
    if ((mask & FAN_Q_OVERFLOW) !== 0) {
      // What was counted before the gap must be known as counted.
      this.#handOver()
      this.#options.sink.overflowed(this.#emptiedMs)
    }
    if (!event.hasDirectory) return
    const folder = this.#folderOf(event)
    if ((mask & FAN_ONDIR) !== 0) this.#takeFolder(event, folder)
    else if (folder?.place !== undefined) this.#takeFile(event, folder, folder.place)
  }

  #folderOf(event: FanotifyCursor): Folder<Counted> | undefined {
    if (event.isDirectory(this.#lastKey, this.#lastKeyLength)) return this.#lastFolder
    const key = event.directory()
    this.#lastFolder = key === undefined ? undefined : this.#folders.folderOf(key)
    this.#lastKeyLength = event.copyDirectory(this.#lastKey)
    this.#lastTally = undefined
    return this.#lastFolder
  }

  /** A new one is learnt with its name, which is all that will ever be known of it when it is gone by now; moved ones change paths. */
  #takeFolder(event: FanotifyCursor, folder: Folder<Counted> | undefined): void {
    const target = event.target()
    if ((event.mask & FAN_MOVED_TO) !== 0) {
      this.#folders.moved(target)
      this.#forgetLast()
    } else if ((event.mask & FAN_CREATE) !== 0 && folder !== undefined && target !== undefined) {
      this.#folders.learn(target, folder, event.name())
    }
  }

  #takeFile(event: FanotifyCursor, folder: Folder<Counted>, place: Counted): void {
    const { mask } = event
    if ((mask & COUNTED) === 0 && this.#unfinished.size === 0) return
    if (isIgnored(event, place)) {
      if ((mask & FAN_CREATE) !== 0) this.#tallyOf(place, event.pid).ignored++
      return
    }
    if ((mask & COUNTED) !== 0) {
      const tally = this.#tallyOf(place, event.pid)
      if ((mask & FAN_CREATE) !== 0) tally.created++
      if ((mask & FAN_DELETE) !== 0) tally.deleted++
      if ((mask & FAN_MOVED_TO) !== 0) tally.moved++
      if ((mask & SOMETHING_THERE) !== 0) tally.example ??= bytesToText(event.name())
    }
    const { sink } = this.#options
    if (this.#isFinished(event) && sink.wantsFinished(place))
      sink.finished({ place, directory: folder.raw ?? folder.path, name: Buffer.from(event.name()), pid: event.pid })
  }

  /** New and closed, or moved there; not when it is gone already. Rewriting an old file makes nothing new. */
  #isFinished(event: FanotifyCursor): boolean {
    const { mask } = event
    if ((mask & FAN_DELETE) !== 0 && this.#unfinished.size === 0) return false
    if ((mask & FAN_CREATE) !== 0) {
      if ((mask & (FAN_CLOSE_WRITE | FAN_DELETE)) === 0) this.#begin(event)
      return (mask & (FAN_CLOSE_WRITE | FAN_DELETE)) === FAN_CLOSE_WRITE
    }
    const wasUnfinished = this.#unfinished.size > 0 && this.#unfinished.delete(unfinishedKey(event))
    return (mask & FAN_DELETE) === 0 && ((mask & FAN_MOVED_TO) !== 0 || wasUnfinished)
  }

  #begin(event: FanotifyCursor): void {
    dropOldest(this.#unfinished, UNFINISHED_MAX)
    this.#unfinished.add(unfinishedKey(event))
  }

  #tallyOf(place: Counted, pid: number): FileTally {
    if (this.#lastTally !== undefined && this.#lastPid === pid) return this.#lastTally
    let byPid = this.#tallies.get(place)
    if (byPid === undefined) this.#tallies.set(place, (byPid = new Map()))
    let tally = byPid.get(pid)
    if (tally === undefined) byPid.set(pid, (tally = newTally()))
    this.#lastPid = pid
    this.#lastTally = tally
    return tally
  }

  #forgetLast(): void {
    this.#lastKeyLength = -1
    this.#lastFolder = undefined
    this.#lastTally = undefined
  }

  #logOnce(fault: string): void {
    if (fault !== this.#loggedFault) this.#options.log.error(`file events cannot be read: ${fault}`)
    this.#loggedFault = fault
  }
}

function unfinishedKey(event: FanotifyCursor): string {
  return `${event.directory() ?? ''}/${event.name().toString('latin1')}`
}

function isIgnored(event: FanotifyCursor, place: Place): boolean {
  if (place.isIgnored) return true
  const { ignoredNames } = place
  if (ignoredNames === undefined) return place.ignores(bytesToText(event.name()))
  for (const name of ignoredNames) if (event.isNamed(name)) return true
  return false
}
