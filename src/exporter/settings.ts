/** Owns what the exporter can be told: the options of its command line and the settings in force. Reads nothing; config.ts makes them. */
import type { GroupMatcher } from '../lib/groups/group-name.ts'
import type { LogFormat, LogLevel } from '../lib/log.ts'
import type { HighMarks } from './api/sentence.ts'
import type { DuplicatesSettings } from './duplicates.ts'
import type { ServiceSettings } from './collectors/services.ts'
import type { ProbeSettings } from './probe-runner.ts'

/** What the command line may say; each absent one leaves the file's word or the default. */
export interface ExporterOptions {
  readonly configFile?: string
  /** HOST:PORT; port 0 takes any free one. */
  readonly listenAddress?: string
  /** TLS, basic authentication and headers, in the format of exporter-toolkit. */
  readonly webConfigFile?: string
  readonly logLevel?: LogLevel
  readonly logFormat?: LogFormat
  readonly procfs?: string
  /** Folders that take the place of `files.watch`. */
  readonly filesWatch?: readonly string[]
  /** Folders never counted, added to `files.exclude`. */
  readonly filesExclude?: readonly string[]
  readonly filesBackend?: FilesBackend
  readonly processes?: boolean
  readonly processesBackend?: ProcessesBackend
  readonly files?: boolean
  readonly lifecycle?: boolean
  readonly host?: boolean
  readonly probes?: boolean
  readonly services?: boolean
  /** Where /sys is. */
  readonly sysfs?: string
}

export const DEFAULT_LISTEN_ADDRESS = '127.0.0.1:9930'
export const DEFAULT_PROCFS = '/proc'
export const DEFAULT_SYSFS = '/sys'
export const FILES_BACKENDS = ['auto', 'fanotify', 'chokidar'] as const
export type FilesBackend = (typeof FILES_BACKENDS)[number]

export const PROCESSES_BACKENDS = ['auto', 'proc', 'portable'] as const
export type ProcessesBackend = (typeof PROCESSES_BACKENDS)[number]

/** A folder to watch, as configured; not yet known to exist. */
export interface WatchedRoot {
  readonly path: string
  /** Levels of sub-folders that have a series of their own. */
  readonly depth: number
  readonly ignore: readonly string[]
}

export interface FilesSettings {
  readonly enabled: boolean
  readonly backend: FilesBackend
  /** Absent: the defaults of the backend in use. */
  readonly roots: readonly WatchedRoot[] | undefined
  /** For roots that are defaults. */
  readonly ignore: readonly string[]
  readonly depth: number
  readonly exclude: readonly string[]
  /** The machine's folder for temporary files (TMPDIR, else /tmp). */
  readonly temporaryDirectory: string
  readonly directoriesMax: number
  /** fanotify's queue is the kernel's usual one, and what does not fit is lost. */
  readonly isQueueBounded: boolean
  readonly pollIntervalMs: number
  readonly duplicates: DuplicatesSettings
}

export interface ProcessesSettings {
  readonly enabled: boolean
  readonly backend: ProcessesBackend
  readonly perProcessMax: number
  readonly groupsMax: number
  readonly groupExpiryMs: number
  readonly descriptorsMax: number
  readonly matchers: readonly GroupMatcher[]
}

export interface HostSettings {
  readonly enabled: boolean
  readonly networkFilesystems: boolean
  /** 0 never asks. */
  readonly smartIntervalMs: number
  /** Where smartctl is; undefined when there is none. */
  readonly smartctl: string | undefined
  readonly high: HighMarks
}

export interface ExporterSettings {
  readonly host: HostSettings
  readonly probes: { readonly enabled: boolean; readonly list: readonly ProbeSettings[] }
  readonly services: { readonly enabled: boolean; readonly list: readonly ServiceSettings[] }
  readonly collectorDeadlineMs: number
  readonly processes: ProcessesSettings
  readonly lifecycle: { readonly enabled: boolean }
  readonly files: FilesSettings
}
