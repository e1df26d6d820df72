/** Owns watching folders without privileges, through chokidar. It knows no processes: who created a file is never said. */
import { basename, dirname } from 'node:path'
import type { FSWatcher } from 'chokidar'
import { errnoOf, messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import { NOBODY, newTally, type FileSink, type FileSource, type FileTally, type NewFile, type Place } from './file-source.ts'

export interface ChokidarSourceOptions<Counted extends Place> {
  readonly sink: FileSink<Counted>
  readonly log: Logger
  /** Whether the folder's files may be made by other machines: then it is polled. Throws for a folder that is gone. */
  readonly isRemote: (path: string) => boolean
  /** How often a polled folder is listed. */
  readonly pollIntervalMs: number
}

/** Folders are learnt one by one; beyond this the start goes on without waiting for the rest. */
const READY_MS_MAX = 10_000
/** Without word of a file's end it is taken to be whole after this long. */
const FINISHED_AFTER_MS = 2_000
const UNFINISHED_MAX = 4096

/** A file counts when it is first seen: moved in from outside counts as created, and one removed at once may be missed. */
export class ChokidarSource<Counted extends Place> implements FileSource {
  readonly backend = 'chokidar'
  readonly #options: ChokidarSourceOptions<Counted>
  readonly #loggedFaults = new Set<string>()
  readonly #unfinished: Array<{ readonly file: NewFile<Counted>; readonly dueMs: number }> = []
  #timer: NodeJS.Timeout | undefined
  #watchers: FSWatcher[] = []

  constructor(options: ChokidarSourceOptions<Counted>) {
    this.#options = options
  }

  /** Resolves when the folders there now are watched. What happens before that is not counted. */
  async watch(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
    await this.close()
    const refused = new Map<string, string>()
    const [local, remote]: [string[], string[]] = [[], []]
    for (const path of paths) {
      try {
        if (this.#options.isRemote(path)) remote.push(path)
        else local.push(path)
      } catch (error) {
        refused.set(path, messageOf(error))
      }
    }
    await Promise.all([this.#watch(local, false), this.#watch(remote, true)])
    return refused
  }

  /** Events come by themselves; there is no queue to empty. */
  async drain(): Promise<void> {}

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#unfinished.length = 0
    const watchers = this.#watchers
    this.#watchers = []
    await Promise.all(watchers.map((watcher) => watcher.close()))
  }

  async #watch(paths: readonly string[], isPolled: boolean): Promise<void> {
    if (paths.length === 0) return
    const { pollIntervalMs } = this.#options
    // Where fanotify may be used it is never needed, and is not small.
    const { watch: watchFolders } = await import('chokidar')
    const watcher = watchFolders([...paths], {
      ignoreInitial: true,
      followSymlinks: false,
      ignorePermissionErrors: true,
      atomic: false,
      ignored: (path, stats) => this.#ignores(path, stats?.isDirectory() ?? false),
      ...(isPolled ? { usePolling: true, interval: pollIntervalMs, binaryInterval: pollIntervalMs } : {}),
    })
    this.#watchers.push(watcher)
    watcher.on('add', (path) => this.#added(path, isPolled))
    watcher.on('unlink', (path) => this.#removed(path))
    watcher.on('error', (error) => this.#logOnce(error))
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, READY_MS_MAX)
      watcher.once('ready', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  /** Folders that do not count are not even watched: each would cost an inotify watch. */
  #ignores(path: string, isDirectory: boolean): boolean {
    return isDirectory && this.#options.sink.locate(path)?.isIgnored !== false
  }

  #added(path: string, isPolled: boolean): void {
    const directory = dirname(path)
    const place = this.#placeOf(path)
    if (place === undefined) return
    this.#tell(place, { ...newTally(), created: 1, example: basename(path) })
    // What is far away is not read for its content.
    if (isPolled || this.#unfinished.length >= UNFINISHED_MAX || !this.#options.sink.wantsFinished(place)) return
    const file = { place, directory, name: Buffer.from(basename(path)), pid: NOBODY }
    this.#unfinished.push({ file, dueMs: performance.now() + FINISHED_AFTER_MS })
    this.#schedule()
  }

  #removed(path: string): void {
    const place = this.#placeOf(path)
    if (place !== undefined) this.#tell(place, { ...newTally(), deleted: 1 })
  }

  #placeOf(path: string): Counted | undefined {
    const place = this.#options.sink.locate(dirname(path))
    return place === undefined || place.isIgnored || place.ignores(basename(path)) ? undefined : place
  }

  #tell(place: Counted, tally: FileTally): void {
    this.#options.sink.happened(new Map([[place, new Map([[NOBODY, tally]])]]))
  }

  #schedule(): void {
    const first = this.#unfinished[0]
    if (this.#timer !== undefined || first === undefined) return
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        const nowMs = performance.now()
        const due = this.#unfinished.findIndex(({ dueMs }) => dueMs > nowMs)
        for (const { file } of this.#unfinished.splice(0, due < 0 ? this.#unfinished.length : due)) this.#options.sink.finished(file)
        this.#schedule()
      },
      Math.max(0, first.dueMs - performance.now()),
    )
    this.#timer.unref()
  }

  #logOnce(error: unknown): void {
    const fault = errnoOf(error) ?? messageOf(error)
    if (this.#loggedFaults.has(fault) || this.#loggedFaults.size > 20) return
    this.#loggedFaults.add(fault)
    const wayOut =
      fault === 'ENOSPC' ? ': the limit of inotify watches is reached, raise fs.inotify.max_user_watches or watch fewer folders' : ''
    this.#options.log.warn(`some folders cannot be watched (${messageOf(error)})${wayOut}`)
  }
}
