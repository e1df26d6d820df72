/** Owns the exporter's settings: the strict schema of config/exporter.yml, the flags over it, and their defaults. Never reads anything else. */
import os from 'node:os'
import { resolve } from 'node:path'
import { z } from 'zod'
import { loadConfigFile } from '../lib/config-file.ts'
import type { GroupMatcher } from '../lib/groups/group-name.ts'
import type { LogFormat, LogLevel } from '../lib/log.ts'

/** What the command line may say; each absent one leaves the file's word or the default. */
export interface ExporterOptions {
  readonly configFile?: string
  /** HOST:PORT; port 0 takes any free one. */
  readonly listenAddress?: string
  readonly logLevel?: LogLevel
  readonly logFormat?: LogFormat
  readonly procfs?: string
  /** Folders that take the place of `files.watch`. */
  readonly filesWatch?: readonly string[]
  /** Folders never counted, added to `files.exclude`. */
  readonly filesExclude?: readonly string[]
  readonly filesBackend?: FilesBackend
  readonly processes?: boolean
  readonly files?: boolean
}

export const DEFAULT_LISTEN_ADDRESS = '127.0.0.1:9930'
export const DEFAULT_PROCFS = '/proc'
export const FILES_BACKENDS = ['auto', 'fanotify', 'chokidar'] as const
export type FilesBackend = (typeof FILES_BACKENDS)[number]

const DEFAULT_DEPTH = 2
const DEFAULT_IGNORE = ['node_modules', '.git', '.cache', '__pycache__']

const names = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .transform((value) => (typeof value === 'string' ? [value] : value))
const pattern = z
  .string()
  .min(1)
  .max(1024)
  .transform((source, context) => {
    try {
      return new RegExp(source, 'u')
    } catch (error) {
      context.addIssue({ code: 'custom', message: `not a regular expression: ${error instanceof Error ? error.message : String(error)}` })
      return z.NEVER
    }
  })
const absolutePath = z.string().startsWith('/', 'write an absolute path, such as /var/spool').max(4096)
const ignoreList = z
  .array(
    z
      .string()
      .min(1)
      .max(255)
      .refine((name) => !name.includes('/'), 'write a name without slashes; * and ? stand for any characters'),
  )
  .max(100)

const groupSchema = z.strictObject({
  name: z.string().min(1).max(256),
  match: z
    .strictObject({ comm: names.optional(), exe: names.optional(), cmdline: pattern.optional() })
    .refine((match) => Object.values(match).some((value) => value !== undefined), 'give at least one of comm, exe and cmdline'),
})

const watchSchema = z.strictObject({
  path: absolutePath,
  depth: z.int().min(0).max(8).default(DEFAULT_DEPTH),
  ignore: ignoreList.optional(),
})

export const exporterConfigSchema = z.strictObject({
  collector_deadline_seconds: z.number().min(0.1).max(60).default(3),
  processes: z
    .strictObject({
      enabled: z.boolean().default(true),
      per_process_max: z.int().min(0).max(10_000).default(100),
      groups_max: z.int().min(1).max(10_000).default(1000),
      group_expiry_hours: z.number().min(0.01).max(720).default(24),
      descriptors_max: z.int().min(0).max(100_000).default(4096),
    })
    .prefault({}),
  groups: z.array(groupSchema).max(1000).default([]),
  files: z
    .strictObject({
      enabled: z.boolean().default(true),
      backend: z.enum(FILES_BACKENDS).default('auto'),
      watch: z.array(watchSchema).max(100).optional(),
      ignore: ignoreList.default(DEFAULT_IGNORE),
      exclude: z.array(absolutePath).max(100).default([]),
      directories_max: z.int().min(1).max(10_000).default(500),
    })
    .prefault({}),
})

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
}

interface ProcessesSettings {
  readonly enabled: boolean
  readonly perProcessMax: number
  readonly groupsMax: number
  readonly groupExpiryMs: number
  readonly descriptorsMax: number
  readonly matchers: readonly GroupMatcher[]
}

export interface ExporterSettings {
  readonly collectorDeadlineMs: number
  readonly processes: ProcessesSettings
  readonly files: FilesSettings
}

/** The settings in force: the file's, with the flags over them. Throws UsageError with every fault of the file. */
export function loadExporterSettings(options: ExporterOptions): ExporterSettings {
  const config = loadConfigFile(exporterConfigSchema, options.configFile)
  const { processes, files } = config
  const flagged =
    options.filesWatch?.map((path): WatchedRoot => ({ path: resolve(path), depth: DEFAULT_DEPTH, ignore: files.ignore })) ?? []
  const configured = files.watch?.map((root): WatchedRoot => ({ ...root, ignore: root.ignore ?? files.ignore }))
  return {
    collectorDeadlineMs: config.collector_deadline_seconds * 1000,
    processes: {
      enabled: options.processes ?? processes.enabled,
      perProcessMax: processes.per_process_max,
      groupsMax: processes.groups_max,
      groupExpiryMs: processes.group_expiry_hours * 3_600_000,
      descriptorsMax: processes.descriptors_max,
      matchers: config.groups.map(matcherOf),
    },
    files: {
      enabled: options.files ?? files.enabled,
      backend: options.filesBackend ?? files.backend,
      roots: flagged.length > 0 ? flagged : configured,
      ignore: files.ignore,
      depth: DEFAULT_DEPTH,
      exclude: [...files.exclude, ...(options.filesExclude ?? []).map((path) => resolve(path))],
      temporaryDirectory: os.tmpdir(),
      directoriesMax: files.directories_max,
    },
  }
}

function matcherOf(group: z.infer<typeof groupSchema>): GroupMatcher {
  const { comm, exe, cmdline } = group.match
  return {
    name: group.name,
    ...(comm === undefined ? {} : { comm }),
    ...(exe === undefined ? {} : { exe }),
    ...(cmdline === undefined ? {} : { cmdline }),
  }
}
