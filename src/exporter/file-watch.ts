/** Owns which backend watches which folder: fanotify as far as the machine allows it, chokidar for the rest, and saying so once. */
import { statSync } from 'node:fs'
import { OperationalError, messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import type { FilesSettings, WatchedRoot } from './settings.ts'
import type { CountedRoot } from './directory-counts.ts'
import { FileActivity, type Crediting } from './file-activity.ts'
import { ChokidarSource } from './sources/chokidar-source.ts'
import { FanotifySource } from './sources/fanotify-source.ts'
import { createFileReader } from './sources/file-reader.ts'
import type { FileBackend, FileSource } from './sources/file-source.ts'
import { createFolderLook } from './sources/folder-look.ts'
import type { Fanotify } from '../lib/linux/fanotify.ts'
import { isNetworkFilesystem } from '../lib/linux/filesystem-kind.ts'

export interface FileWatchOptions {
  readonly settings: FilesSettings
  readonly clock: { nowMs(): number }
  readonly log: Logger
  /** Throws OperationalError where fanotify cannot be reached. */
  readonly openFanotify: () => Fanotify
  /** Undefined when nobody keeps processes. */
  readonly crediting: Crediting | undefined
}

/** Why this backend is in use; the value of the `reason` label. */
export type BackendReason = 'available' | 'configured' | 'denied' | 'unsupported' | 'file_system'

const RETRY_INTERVAL_MS = 2_000
const EXPIRE_INTERVAL_MS = 60_000
/** Longer than every window a rule looks back over. */
const IDLE_MS_MAX = 15 * 60_000
const DEFAULT_FANOTIFY_ROOTS = ['/var/tmp', '/home', '/root', '/srv']

export class FileWatch {
  readonly activity: FileActivity
  readonly #options: FileWatchOptions
  readonly #warned = new Set<string>()
  readonly #folders = createFolderLook()
  #settings: FilesSettings
  #fanotify: FileSource | undefined
  #chokidar: FileSource | undefined
  #reasons = new Map<FileBackend, BackendReason>()
  #watched = ''
  #watchedPaths: readonly string[] = []
  #retryTimer: NodeJS.Timeout | undefined
  #isRetrying = false
  #lastExpiryMs = 0
  #applying: Promise<void> = Promise.resolve()

  constructor(options: FileWatchOptions) {
    this.#options = options
    this.#settings = options.settings
    this.activity = new FileActivity({
      clock: options.clock,
      log: options.log,
      duplicates: options.settings.duplicates,
      reader: createFileReader(),
      crediting: options.crediting,
      attributes: () => this.attributes,
      watched: () => this.#watchedPaths,
    })
  }

  /** The backends in use, each with its reason. */
  get backends(): ReadonlyMap<FileBackend, BackendReason> {
    return this.#reasons
  }

  /** Whether creations come with the process behind them. */
  get attributes(): boolean {
    return this.#fanotify !== undefined
  }

  /** Chooses the backends and watches the roots that exist. Throws OperationalError when fanotify is demanded and not to be had. */
  async start(): Promise<void> {
    if (this.#settings.backend !== 'chokidar') this.#openFanotify()
    await this.#apply()
    this.#retryTimer = setInterval(() => void this.#retry(), RETRY_INTERVAL_MS)
    this.#retryTimer.unref()
  }

  /** Takes new roots; counts of folders still watched go on. The backend stays the one chosen at the start. */
  async reconfigure(settings: FilesSettings): Promise<void> {
    this.#settings = { ...settings, backend: this.#settings.backend }
    this.activity.duplicates.configure(settings.duplicates)
    this.#watched = ''
    await this.#apply()
  }

  async drain(): Promise<void> {
    await this.#fanotify?.drain()
    await this.#chokidar?.drain()
  }

  async close(): Promise<void> {
    clearInterval(this.#retryTimer)
    await this.#applying
    await this.#fanotify?.close()
    await this.#chokidar?.close()
    await this.activity.close()
  }

  #openFanotify(): void {
    try {
      const { openFanotify, log, clock } = this.#options
      const { isQueueBounded } = this.#settings
      this.#fanotify = new FanotifySource({ fanotify: openFanotify(), sink: this.activity, log, clock, isQueueBounded })
      this.#reasons.set('fanotify', this.#settings.backend === 'fanotify' ? 'configured' : 'available')
    } catch (error) {
      if (!(error instanceof OperationalError) || this.#settings.backend === 'fanotify') throw error
      this.#fallBack(error.reason === 'denied' ? 'denied' : 'unsupported', messageOf(error))
    }
  }

  #fallBack(reason: BackendReason, why: string): void {
    this.#reasons.set('chokidar', reason)
    this.#options.log.warn(
      `files are counted without the processes that create them, at a higher cost: ${why}; run the exporter as root or with CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH to have them named`,
    )
  }

  /** One at a time: a reload and a retry must not cross. */
  #apply(): Promise<void> {
    this.#applying = this.#applying.then(
      () => this.#applyRoots(),
      () => this.#applyRoots(),
    )
    return this.#applying
  }

  async #applyRoots(): Promise<void> {
    const roots = await this.#resolveRoots()
    const exclude: string[] = []
    for (const path of this.#settings.exclude) exclude.push((await this.#folders.ask(path))?.realPath ?? path)
    const existing = roots.filter((root) => root.id !== undefined).map((root) => root.realPath)
    // A folder may be removed and made anew between two looks, or have another file system mounted on it.
    const wanted = JSON.stringify([existing, exclude, roots.map((root) => root.id)])
    if (wanted === this.#watched) return
    this.#watched = wanted
    this.#watchedPaths = existing
    this.activity.counts.configure({ roots, exclude, directoriesMax: this.#settings.directoriesMax })
    const refused = this.#fanotify === undefined ? new Map(existing.map((path) => [path, ''])) : await this.#fanotify.watch(existing)
    await this.#watchRefused(refused)
  }

  /** What fanotify cannot watch is chokidar's, unless the configuration demands fanotify. */
  async #watchRefused(refused: ReadonlyMap<string, string>): Promise<void> {
    if (this.#fanotify !== undefined)
      for (const [path, why] of refused)
        this.#warnOnce(
          path,
          `${why}${this.#settings.backend === 'fanotify' ? '; it is not watched' : '; it is watched without naming processes'}`,
        )
    const paths = this.#settings.backend === 'fanotify' ? [] : [...refused.keys()]
    if (paths.length > 0) {
      this.#chokidar ??= new ChokidarSource({
        sink: this.activity,
        log: this.#options.log,
        isRemote: isNetworkFilesystem,
        pollIntervalMs: this.#settings.pollIntervalMs,
      })
      if (!this.#reasons.has('chokidar'))
        this.#reasons.set('chokidar', this.#settings.backend === 'chokidar' ? 'configured' : 'file_system')
    }
    const unwatched = await this.#chokidar?.watch(paths)
    for (const [path, why] of unwatched ?? []) this.#warnOnce(`chokidar ${path}`, `${path} cannot be watched: ${why}`)
  }

  async #resolveRoots(): Promise<Array<CountedRoot & { readonly id: string | undefined }>> {
    const resolved: Array<CountedRoot & { readonly id: string | undefined }> = []
    for (const root of this.#settings.roots ?? (await this.#defaultRoots())) {
      const found = await this.#folders.ask(root.path)
      if (found === undefined)
        this.#warnOnce(root.path, `${root.path} is not a folder (yet); it is looked for every ${RETRY_INTERVAL_MS / 1000} s`)
      resolved.push({ ...root, realPath: found?.realPath ?? root.path, id: found?.id })
    }
    return resolved.filter((root, index) => resolved.findIndex((other) => other.realPath === root.realPath) === index)
  }

  async #defaultRoots(): Promise<WatchedRoot[]> {
    const { temporaryDirectory } = this.#settings
    const paths = this.#fanotify === undefined ? [temporaryDirectory] : []
    if (this.#fanotify !== undefined)
      for (const path of [temporaryDirectory, ...DEFAULT_FANOTIFY_ROOTS])
        if ((await this.#folders.ask(path)) !== undefined) paths.push(path)
    if (!this.#warned.has('defaults')) this.#options.log.info(`no folders are configured; files are counted below ${paths.join(', ')}`)
    this.#warned.add('defaults')
    return paths.map((path) => ({ path, depth: this.#settings.depth, ignore: this.#settings.ignore }))
  }

  async #retry(): Promise<void> {
    if (this.#isRetrying) return
    this.#isRetrying = true
    try {
      await this.#apply()
      const nowMs = this.#options.clock.nowMs()
      if (nowMs - this.#lastExpiryMs < EXPIRE_INTERVAL_MS) return
      this.#lastExpiryMs = nowMs
      this.activity.counts.expire(nowMs - IDLE_MS_MAX, (path) => this.#isThere(path))
    } catch (error) {
      this.#warnOnce('retry', `the watched folders cannot be looked at: ${messageOf(error)}`)
    } finally {
      this.#isRetrying = false
    }
  }

  /** What is on a file server keeps its series: asking could take for ever. */
  #isThere(path: string | Buffer): boolean {
    return this.#folders.isRemote(path.toString()) || statSync(path, { throwIfNoEntry: false }) !== undefined
  }

  #warnOnce(key: string, message: string): void {
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    this.#options.log.warn(message)
  }
}
