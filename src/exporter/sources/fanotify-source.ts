/** Owns the fanotify descriptor: reading its events in short slices, turning folder handles into places, counting by place and pid. */
import { closeSync, lstatSync, readSync } from 'node:fs'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { OperationalError, errnoOf, messageOf } from '../../lib/errors.ts'
import { bytesToText } from '../../lib/linux/bytes-text.ts'
import { parseFanotifyEvents, type FanotifyEvent } from '../../lib/linux/fanotify-events.ts'
import type { Fanotify, Mount } from '../../lib/linux/fanotify.ts'
import type { Logger } from '../../lib/log.ts'
import type { FileSink, FileSource, Place } from './file-source.ts'

export interface FanotifySourceOptions<Counted extends Place> {
  readonly fanotify: Fanotify
  readonly sink: FileSink<Counted>
  readonly log: Logger
}

/** What is known of a folder by its handle. */
interface Folder<Counted extends Place> {
  readonly path: string
  readonly place: Counted | undefined
  readonly resolvedMs: number
}

const READ_BYTES = 1 << 18
/** The writer of a file is asked for its name when its event is read, so this is how short a life stays nameless. */
const DRAIN_INTERVAL_MS = 100
/** After this long at once, whoever waits for the event loop has a turn. */
const SLICE_MS_MAX = 20
/** A storm faster than we read must not keep a scrape waiting for its end. */
const DRAIN_MS_MAX = 1000
/** A renamed folder counts under its old name for at most this long. */
const FOLDER_AGE_MS_MAX = 2000
const FOLDERS_MAX = 65_536

/** Starts at once, without a root. Throws OperationalError `denied` or `unsupported`. */
export class FanotifySource<Counted extends Place> implements FileSource {
  readonly backend = 'fanotify'
  readonly #options: FanotifySourceOptions<Counted>
  readonly #fd: number
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES)
  readonly #folders = new Map<string, Folder<Counted>>()
  #mounts: ReadonlyArray<Mount & { readonly path: string }> = []
  #counts = new Map<Counted, Map<number, number>>()
  #draining: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #loggedFault: string | undefined

  constructor(options: FanotifySourceOptions<Counted>) {
    this.#options = options
    this.#fd = options.fanotify.init()
    this.#schedule()
  }

  async watch(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const refused = new Map<string, string>()
    const mounts: Array<Mount & { readonly path: string }> = []
    await this.drain()
    for (const path of paths) {
      try {
        this.#options.fanotify.markFilesystem(this.#fd, path)
        const mount = this.#options.fanotify.openMount(path)
        if (mounts.some((other) => other.fsid === mount.fsid && other.mountId === mount.mountId)) closeSync(mount.fd)
        else mounts.push({ ...mount, path })
      } catch (error) {
        if (!(error instanceof OperationalError) && errnoOf(error) === undefined) throw error
        refused.set(path, messageOf(error))
      }
    }
    const old = this.#mounts
    this.#mounts = mounts
    this.#folders.clear()
    for (const mount of old) this.#leave(mount)
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
    await this.#draining
    closeSync(this.#fd)
    for (const mount of this.#mounts) closeSync(mount.fd)
    this.#mounts = []
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
    while (more && performance.now() < endMs) {
      const size = this.#read()
      more = size > 0
      if (more) parseFanotifyEvents(this.#buffer, size, (event) => this.#take(event))
    }
    if (this.#counts.size > 0) {
      const counts = this.#counts
      this.#counts = new Map()
      this.#options.sink.created(counts)
    }
    return more
  }

  #read(): number {
    try {
      return readSync(this.#fd, this.#buffer)
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return 0
      throw error
    }
  }

  #take(event: FanotifyEvent): void {
    if (event.isOverflow) this.#options.sink.overflowed()
    if (!event.isCreation || event.directory === undefined) return
    const folder = this.#folderOf(event.directory)
    if (folder?.place === undefined) return
    const name = bytesToText(event.name)
    if (event.isDirectory) {
      if (event.target !== undefined) this.#remember(event.target, this.#folderAt(`${folder.path === '/' ? '' : folder.path}/${name}`))
      return
    }
    if (folder.place.ignores(name)) return
    const byPid = this.#counts.get(folder.place) ?? new Map<number, number>()
    this.#counts.set(folder.place, byPid)
    byPid.set(event.pid, (byPid.get(event.pid) ?? 0) + 1)
  }

  /** Known folders are asked for their path again now and then (they may have been renamed); a removed one keeps its last. */
  #folderOf(key: string): Folder<Counted> | undefined {
    const known = this.#folders.get(key)
    if (known !== undefined && performance.now() - known.resolvedMs < FOLDER_AGE_MS_MAX) return known
    const folder = this.#resolve(key) ?? known
    if (folder !== undefined) this.#remember(key, { ...folder, resolvedMs: performance.now() })
    return folder
  }

  #resolve(key: string): Folder<Counted> | undefined {
    let outside: Folder<Counted> | undefined
    for (const mount of this.#mounts) {
      if (!key.startsWith(mount.fsid)) continue
      const raw = this.#options.fanotify.pathOf(mount, key)
      if (raw === undefined) continue
      const folder = this.#folderAt(withoutDeletedMark(bytesToText(raw), raw), raw)
      if (folder.place !== undefined) return folder
      outside ??= folder
    }
    return outside
  }

  #folderAt(path: string, raw?: Buffer): Folder<Counted> {
    const place = this.#options.sink.locate(path, raw?.toString() === path ? undefined : raw)
    return { path, place, resolvedMs: performance.now() }
  }

  #remember(key: string, folder: Folder<Counted>): void {
    if (this.#folders.size >= FOLDERS_MAX) this.#folders.clear()
    this.#folders.set(key, folder)
  }

  #leave(mount: Mount & { readonly path: string }): void {
    try {
      if (!this.#mounts.some((other) => other.fsid === mount.fsid))
        this.#options.fanotify.unmarkFilesystem(this.#fd, `/proc/self/fd/${mount.fd}`)
    } catch (error) {
      this.#options.log.debug(`the file system of ${mount.path} is still watched: ${messageOf(error)}`)
    }
    closeSync(mount.fd)
  }

  #logOnce(fault: string): void {
    if (fault !== this.#loggedFault) this.#options.log.error(`file creations cannot be read: ${fault}`)
    this.#loggedFault = fault
  }
}

/** The kernel marks the path of a removed folder; a folder may also be called so. */
function withoutDeletedMark(path: string, raw: Buffer): string {
  if (!path.endsWith(' (deleted)') || lstatSync(raw, { throwIfNoEntry: false }) !== undefined) return path
  return path.slice(0, -' (deleted)'.length)
}
