/** The contract between whatever notices created files and the counts. Paths are real paths, as text that shows every byte. */

export type FileBackend = 'fanotify' | 'chokidar'

export interface FileSource {
  readonly backend: FileBackend
  /** Watches these folders with everything below them, and no others. Resolves with those it cannot watch, each with a sentence that says why. */
  watch(paths: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** Resolves when everything noticed so far has been handed to the sink. */
  drain(): Promise<void>
  close(): Promise<void>
}

/** Where the files of one folder are counted. */
export interface Place {
  /** Whether a file of this name is one that is never counted. */
  readonly ignores: (name: string) => boolean
}

export interface FileSink<Counted extends Place = Place> {
  /** Where files in this folder count; undefined when they do not. `raw` holds the path's bytes where the text cannot. */
  locate(directory: string, raw?: Buffer): Counted | undefined
  /** Created files, per place and pid. */
  created(counts: ReadonlyMap<Counted, ReadonlyMap<number, number>>): void
  /** The kernel dropped events. */
  overflowed(): void
}
