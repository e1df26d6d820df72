/**
 * Owns which folder a file handle stands for: its path, and where its files count. Keeps no descriptor between two slices, so that
 * a watched file system can be unmounted.
 */
import { closeSync, lstatSync } from 'node:fs'
import { OperationalError, errnoOf, messageOf } from '../../lib/errors.ts'
import { bytesToText } from '../../lib/linux/bytes-text.ts'
import type { Fanotify, Mount } from '../../lib/linux/fanotify.ts'
import { dropOldest } from '../../lib/oldest.ts'
import type { FileSink, Place } from './file-source.ts'

export interface Folder<Counted extends Place> {
  readonly path: string
  /** The path's bytes, where the text cannot say them. */
  readonly raw: Buffer | undefined
  /** Undefined when its files are not counted. */
  readonly place: Counted | undefined
}

export interface WatchedFoldersOptions<Counted extends Place> {
  readonly fanotify: Fanotify
  readonly sink: Pick<FileSink<Counted>, 'locate'>
}

interface Kept<Counted extends Place> extends Folder<Counted> {
  readonly resolvedMs: number
}

/** One way to look at a file system: a handle's path depends on the mount it is opened through (bind mounts). */
interface Lookout {
  readonly path: string
  readonly fsid: string
  readonly mountId: string
}

interface Change {
  /** A path on each file system that no root is on any more. */
  readonly left: readonly string[]
  /** There are more of them, which no path leads to: unmounted, or hidden under what was mounted there since. */
  readonly isLeftHidden: boolean
  readonly unreachable: ReadonlyMap<string, string>
}

const FOLDERS_MAX = 16_384
/** A move within the file system is told; one of a mount point or above it is not, and shows after at most this long. */
const FOLDER_AGE_MS_MAX = 10_000

export class WatchedFolders<Counted extends Place> {
  readonly #options: WatchedFoldersOptions<Counted>
  readonly #folders = new Map<string, Kept<Counted>>()
  readonly #open = new Map<Lookout, Mount>()
  #lookouts: readonly Lookout[] = []

  constructor(options: WatchedFoldersOptions<Counted>) {
    this.#options = options
  }

  /** Takes these roots for those before. */
  watch(paths: readonly string[]): Change {
    const before = this.#lookouts
    const lookouts: Lookout[] = []
    const unreachable = new Map<string, string>()
    for (const path of paths) {
      try {
        const { fd, fsid, mountId } = this.#options.fanotify.openMount(path)
        closeSync(fd)
        if (!lookouts.some((other) => other.fsid === fsid && other.mountId === mountId)) lookouts.push({ path, fsid, mountId })
      } catch (error) {
        if (!(error instanceof OperationalError) && errnoOf(error) === undefined) throw error
        unreachable.set(path, messageOf(error))
      }
    }
    this.rest()
    this.#lookouts = lookouts
    this.#folders.clear()
    const gone = before.filter(({ fsid }) => !lookouts.some((now) => now.fsid === fsid))
    const left = gone.filter(({ path, fsid }) => this.#fsidAt(path) === fsid).map(({ path }) => path)
    return { left, isLeftHidden: left.length < gone.length, unreachable }
  }

  #fsidAt(path: string): string | undefined {
    try {
      const { fd, fsid } = this.#options.fanotify.openMount(path)
      closeSync(fd)
      return fsid
    } catch (error) {
      if (!(error instanceof OperationalError) && errnoOf(error) === undefined) throw error
      return undefined
    }
  }

  /** By the key that events carry. One that has been removed keeps its last path; undefined when it was never known. */
  folderOf(key: string): Folder<Counted> | undefined {
    const known = this.#folders.get(key)
    const nowMs = performance.now()
    if (known !== undefined && nowMs - known.resolvedMs < FOLDER_AGE_MS_MAX) return known
    const folder = this.#resolve(key) ?? known
    if (folder !== undefined) this.#keep(key, folder)
    return folder
  }

  /** A folder has just been made in `parent`. */
  learn(key: string, parent: Folder<Counted>, name: Buffer): void {
    const text = bytesToText(name)
    const parentPath = parent.path === '/' ? '' : parent.path
    const path = `${parentPath}/${text}`
    const isText = parent.raw === undefined && says(text, name)
    const raw = isText ? undefined : Buffer.concat([parent.raw ?? Buffer.from(parentPath), Buffer.from('/'), name])
    this.#keep(key, { path, raw, place: this.#options.sink.locate(path, raw) })
  }

  /** A folder has got another path, and all that is below it. Where its handle is not known, any may be below it. */
  moved(key: string | undefined): void {
    const path = key === undefined ? undefined : this.#folders.get(key)?.path
    if (path === undefined) return this.#folders.clear()
    for (const [other, folder] of this.#folders) if (folder.path === path || folder.path.startsWith(`${path}/`)) this.#folders.delete(other)
  }

  /** Closes what a slice has opened. */
  rest(): void {
    for (const { fd } of this.#open.values()) closeSync(fd)
    this.#open.clear()
  }

  #resolve(key: string): Folder<Counted> | undefined {
    let outside: Folder<Counted> | undefined
    for (const lookout of this.#lookouts) {
      if (!key.startsWith(lookout.fsid)) continue
      const bytes = this.#pathThrough(lookout, key)
      if (bytes === undefined) continue
      const text = bytesToText(bytes)
      const path = withoutDeletedMark(text, bytes)
      const raw = says(text, bytes) ? undefined : bytes
      const folder = { path, raw, place: this.#options.sink.locate(path, raw) }
      if (folder.place !== undefined) return folder
      outside ??= folder
    }
    return outside
  }

  /** Another file system may have been mounted on the root since, or none be left. */
  #pathThrough(lookout: Lookout, key: string): Buffer | undefined {
    try {
      const mount = this.#open.get(lookout) ?? this.#options.fanotify.openMount(lookout.path)
      this.#open.set(lookout, mount)
      return mount.fsid === lookout.fsid ? this.#options.fanotify.pathOf(mount, key) : undefined
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      return undefined
    }
  }

  #keep(key: string, folder: Folder<Counted>): void {
    this.#folders.delete(key)
    dropOldest(this.#folders, FOLDERS_MAX)
    this.#folders.set(key, { ...folder, resolvedMs: performance.now() })
  }
}

/** Whether the text is just what the bytes are, with none of them written out. */
function says(text: string, bytes: Buffer): boolean {
  return Buffer.from(text).equals(bytes)
}

/** The kernel marks the path of a removed folder; a folder may also be called so. */
function withoutDeletedMark(path: string, raw: Buffer): string {
  if (!path.endsWith(' (deleted)') || lstatSync(raw, { throwIfNoEntry: false }) !== undefined) return path
  return path.slice(0, -' (deleted)'.length)
}
