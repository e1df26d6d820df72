/** Owns the exporter's settings: the strict schema of config/exporter.yml, the flags over it, and their defaults. Never reads anything else. */
import { existsSync } from 'node:fs'
import os from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { z } from 'zod'
import { loadConfigFile } from '../lib/config-file.ts'
import { OTHER_GROUP, UNKNOWN_GROUP, type GroupMatcher } from '../lib/groups/group-name.ts'
import type { ServiceSettings } from './collectors/services.ts'
import { labelName, probeSettings, probesSchema, refuseDuplicates } from './probe-config.ts'
import { FILES_BACKENDS, PROCESSES_BACKENDS, type ExporterOptions, type ExporterSettings, type WatchedRoot } from './settings.ts'

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
      smartctl: findOnPath('smartctl'),
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

/** smartctl is in sbin, which not every service has on its PATH. */
function findOnPath(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))
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
