/** Owns the exporter's settings: the strict schema of config/exporter.yml, the flags over it, and their defaults. Never reads anything else. */
import os from 'node:os'
import { resolve } from 'node:path'
import { z } from 'zod'
import { loadConfigFile } from '../lib/config-file.ts'
import { OTHER_GROUP, UNKNOWN_GROUP, type GroupMatcher } from '../lib/groups/group-name.ts'
import type { LogFormat, LogLevel } from '../lib/log.ts'
import type { HighMarks } from './api/sentence.ts'
import type { ServiceSettings } from './collectors/services.ts'
import type { DuplicatesSettings } from './duplicates.ts'
import { labelName, probeSettings, probesSchema, refuseDuplicates } from './probe-config.ts'
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

const DEFAULT_DEPTH = 2
const DEFAULT_IGNORE = ['node_modules', '.git', '.cache', '__pycache__']
const MIB = 1024 * 1024

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
      .max(1024)
      .refine((text) => !/^\/*$/.test(text), 'write a name, or a path below the watched folder; * and ? stand for any characters'),
  )
  .max(100)

const matchSchema = z
  .strictObject({
    comm: names.optional(),
    exe: names.optional(),
    cmdline: pattern.optional(),
    user: names.optional(),
    unit: names.optional(),
    container: names.optional(),
  })
  .refine(
    (match) => Object.values(match).some((value) => value !== undefined),
    'give at least one of comm, exe, cmdline, user, unit and container',
  )

const groupSchema = z.strictObject({ name: z.string().min(1).max(256), match: matchSchema })

const serviceSchema = z.strictObject({
  name: labelName.refine((name) => name !== UNKNOWN_GROUP && name !== OTHER_GROUP, 'choose another name: this one is taken'),
  match: matchSchema,
  limits: z
    .strictObject({ cpu_ratio: z.number().positive().max(10_000).optional(), memory_bytes: z.int().positive().optional() })
    .prefault({}),
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
      backend: z.enum(PROCESSES_BACKENDS).default('auto'),
      per_process_max: z.int().min(0).max(10_000).default(100),
      groups_max: z.int().min(1).max(10_000).default(1000),
      group_expiry_hours: z.number().min(0.01).max(720).default(24),
      descriptors_max: z.int().min(0).max(1_000_000).default(100_000),
    })
    .prefault({}),
  lifecycle: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}),
  groups: z.array(groupSchema).max(1000).default([]),
  services: z.array(serviceSchema).max(200).default([]).superRefine(refuseDuplicates),
  probes: probesSchema,
  host: z
    .strictObject({
      enabled: z.boolean().default(true),
      network_filesystems: z.boolean().default(false),
      smart_interval_minutes: z.number().min(0).max(1440).default(10),
      high_cpu_ratio: z.number().positive().max(1).default(0.8),
      high_load_per_cpu: z.number().positive().max(1000).default(1),
      high_memory_ratio: z.number().positive().max(1).default(0.9),
    })
    .prefault({}),
  files: z
    .strictObject({
      enabled: z.boolean().default(true),
      backend: z.enum(FILES_BACKENDS).default('auto'),
      watch: z.array(watchSchema).max(100).optional(),
      ignore: ignoreList.default(DEFAULT_IGNORE),
      exclude: z.array(absolutePath).max(100).default([]),
      directories_max: z.int().min(1).max(10_000).default(500),
      queue_limit: z.enum(['none', 'kernel']).default('none'),
      poll_interval_seconds: z.number().min(0.5).max(3600).default(5),
      duplicates: z
        .strictObject({
          enabled: z.boolean().default(true),
          files_per_second: z.int().min(1).max(100_000).default(500),
          bytes_per_second: z
            .int()
            .min(4096)
            .max(1e12)
            .default(16 * MIB),
          file_bytes_max: z
            .int()
            .min(1)
            .max(1e12)
            .default(64 * MIB),
        })
        .prefault({}),
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
  /** fanotify's queue is the kernel's usual one, and what does not fit is lost. */
  readonly isQueueBounded: boolean
  readonly pollIntervalMs: number
  readonly duplicates: DuplicatesSettings
}

interface ProcessesSettings {
  readonly enabled: boolean
  readonly backend: ProcessesBackend
  readonly perProcessMax: number
  readonly groupsMax: number
  readonly groupExpiryMs: number
  readonly descriptorsMax: number
  readonly matchers: readonly GroupMatcher[]
}

interface HostSettings {
  readonly enabled: boolean
  readonly networkFilesystems: boolean
  /** 0 never asks. */
  readonly smartIntervalMs: number
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
      backend: options.processesBackend ?? processes.backend,
      perProcessMax: processes.per_process_max,
      groupsMax: processes.groups_max,
      groupExpiryMs: processes.group_expiry_hours * 3_600_000,
      descriptorsMax: processes.descriptors_max,
      matchers: [...config.services, ...config.groups].map(matcherOf),
    },
    lifecycle: { enabled: options.lifecycle ?? config.lifecycle.enabled },
    host: {
      enabled: options.host ?? config.host.enabled,
      networkFilesystems: config.host.network_filesystems,
      smartIntervalMs: config.host.smart_interval_minutes * 60_000,
      high: {
        cpuRatio: config.host.high_cpu_ratio,
        loadPerCpu: config.host.high_load_per_cpu,
        memoryRatio: config.host.high_memory_ratio,
      },
    },
    probes: { enabled: options.probes ?? true, list: probeSettings(config.probes) },
    services: { enabled: options.services ?? true, list: config.services.map(serviceSettings) },
    files: {
      enabled: options.files ?? files.enabled,
      backend: options.filesBackend ?? files.backend,
      roots: flagged.length > 0 ? flagged : configured,
      ignore: files.ignore,
      depth: DEFAULT_DEPTH,
      exclude: [...files.exclude, ...(options.filesExclude ?? []).map((path) => resolve(path))],
      temporaryDirectory: os.tmpdir(),
      directoriesMax: files.directories_max,
      isQueueBounded: files.queue_limit === 'kernel',
      pollIntervalMs: files.poll_interval_seconds * 1000,
      duplicates: {
        enabled: files.duplicates.enabled,
        filesPerSecond: files.duplicates.files_per_second,
        bytesPerSecond: files.duplicates.bytes_per_second,
        fileBytesMax: files.duplicates.file_bytes_max,
      },
    },
  }
}

function serviceSettings({ name, limits }: z.infer<typeof serviceSchema>): ServiceSettings {
  return { name, cpuRatioMax: limits.cpu_ratio, memoryBytesMax: limits.memory_bytes }
}

function matcherOf(group: Pick<z.infer<typeof groupSchema>, 'name' | 'match'>): GroupMatcher {
  const { comm, exe, cmdline, user, unit, container } = group.match
  return {
    name: group.name,
    ...(comm === undefined ? {} : { comm }),
    ...(exe === undefined ? {} : { exe }),
    ...(cmdline === undefined ? {} : { cmdline }),
    ...(user === undefined ? {} : { user }),
    ...(unit === undefined ? {} : { unit }),
    ...(container === undefined ? {} : { container }),
  }
}
