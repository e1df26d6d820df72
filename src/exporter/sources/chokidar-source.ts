/** Owns watching folders without privileges, through chokidar. It knows no processes: who created a file is never said. */
import { basename, dirname } from 'node:path'
import type { FSWatcher } from 'chokidar'
import { errnoOf, messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import type { FileSink, FileSource, Place } from './file-source.ts'

export interface ChokidarSourceOptions<Counted extends Place> {
  readonly sink: FileSink<Counted>
  readonly log: Logger
}

/** No process has this id. */
const NOBODY = 0
/** Folders are learnt one by one; beyond this the start goes on without waiting for the rest. */
const READY_MS_MAX = 10_000

/** A file counts when it is first seen: moved in from outside counts as created, and one removed at once may be missed. */
export class ChokidarSource<Counted extends Place> implements FileSource {
  readonly backend = 'chokidar'
  readonly #options: ChokidarSourceOptions<Counted>
  readonly #loggedFaults = new Set<string>()
  #watcher: FSWatcher | undefined

  constructor(options: ChokidarSourceOptions<Counted>) {
    this.#options = options
  }

  /** Resolves when the folders there now are watched. What happens before that is not counted. */
  async watch(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
    await this.close()
    if (paths.length === 0) return new Map()
    // Where fanotify may be used it is never needed, and is not small.
    const { watch: watchFolders } = await import('chokidar')
    const watcher = watchFolders([...paths], {
      ignoreInitial: true,
      followSymlinks: false,
      ignorePermissionErrors: true,
      atomic: false,
      ignored: (path, stats) => this.#ignores(path, stats?.isDirectory() ?? false),
    })
    this.#watcher = watcher
    watcher.on('add', (path) => this.#take(path))
    watcher.on('error', (error) => this.#logOnce(error))
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, READY_MS_MAX)
      watcher.once('ready', () => {
        clearTimeout(timer)
        resolve()
      })
    })
    return new Map()
  }

  /** Events come by themselves; there is no queue to empty. */
  async drain(): Promise<void> {}

  async close(): Promise<void> {
    await this.#watcher?.close()
    this.#watcher = undefined
  }

  /** Folders that do not count are not even watched: each would cost an inotify watch. */
  #ignores(path: string, isDirectory: boolean): boolean {
    return isDirectory && this.#options.sink.locate(path) === undefined
  }

  #take(path: string): void {
    const place = this.#options.sink.locate(dirname(path))
    if (place === undefined || place.ignores(basename(path))) return
    this.#options.sink.created(new Map([[place, new Map([[NOBODY, 1]])]]))
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
