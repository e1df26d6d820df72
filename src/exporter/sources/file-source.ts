/** The contract between whatever notices files and the counts. Paths are real paths, as text that shows every byte. */

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
  /** The folder is one that is never counted: only how much was created in it is told. */
  readonly isIgnored: boolean
  /** All names that `ignores` is true for, as bytes, to spare making text of every name; undefined when it takes a pattern. */
  readonly ignoredNames: readonly Buffer[] | undefined
  /** Whether a file of this name is one that is never counted. */
  readonly ignores: (name: string) => boolean
}

/** What happened in one place, by one process. */
export interface FileTally {
  created: number
  deleted: number
  /** Given a name there by a rename, from wherever. */
  moved: number
  /** Created, under a name that is not counted. */
  ignored: number
  /** The name of one file created or moved there. */
  example: string | undefined
}

/** No process has this id. */
export const NOBODY = 0

export function newTally(): FileTally {
  return { created: 0, deleted: 0, moved: 0, ignored: 0, example: undefined }
}

/** A file that is new and, as far as its source can tell, complete. */
export interface NewFile<Counted extends Place> {
  readonly place: Counted
  /** Bytes where text cannot say it. */
  readonly directory: string | Buffer
  readonly name: Buffer
  /** NOBODY where the source cannot tell. */
  readonly pid: number
}

export interface FileSink<Counted extends Place = Place> {
  /** Where files in this folder count; undefined when they do not. `raw` holds the path's bytes where the text cannot. */
  locate(directory: string, raw?: Buffer): Counted | undefined
  /** What happened since the last call, per place and pid. */
  happened(tallies: ReadonlyMap<Counted, ReadonlyMap<number, FileTally>>): void
  /** Whether `finished` would look at another file of this place now. */
  wantsFinished(place: Counted): boolean
  finished(file: NewFile<Counted>): void
  /** The kernel dropped events: everything since `sinceMs` (wall clock) is uncertain. */
  overflowed(sinceMs: number): void
  /** Everything until now has been handed over. */
  emptied(): void
}
