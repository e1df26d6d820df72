/** Owns the shapes of /api/status and /api/system/...: one schema each. Ratios go from 0 to 1; what cannot be known is null, never 0. */
import { z } from 'zod'

const bytes = z.number().min(0)
const ratio = z.number().min(0).max(1)
const perSecond = z.number().min(0).nullable()
/** When the figures were read, and over how long the rates are; no rates without two readings. */
const reading = { readAt: z.iso.datetime(), windowSeconds: z.number().positive().nullable() }

const loadSchema = z.strictObject({ load1: z.number(), load5: z.number(), load15: z.number() })
const temperatureSchema = z.strictObject({ chip: z.string(), sensor: z.string(), celsius: z.number() })

export const statusSchema = z.strictObject({
  status: z.literal('ok'),
  version: z.string(),
  startedAt: z.iso.datetime(),
  uptimeSeconds: z.number().min(0),
  collectors: z.array(z.string()),
})
export type StatusView = z.infer<typeof statusSchema>

export const cpuSchema = z.strictObject({
  ...reading,
  model: z.string().nullable(),
  usageRatio: ratio.nullable(),
  /** Shares of the time of all CPUs, by mode. */
  modeRatios: z.record(z.string(), ratio).nullable(),
  cores: z.array(z.strictObject({ cpu: z.string(), usageRatio: ratio.nullable(), frequencyHertz: z.number().positive().nullable() })),
  load: loadSchema.nullable(),
  temperatures: z.array(temperatureSchema),
})
export type CpuView = z.infer<typeof cpuSchema>

export const memorySchema = z.strictObject({
  readAt: reading.readAt,
  totalBytes: bytes.nullable(),
  /** What is not available to programs. */
  usedBytes: bytes.nullable(),
  usedRatio: ratio.nullable(),
  availableBytes: bytes.nullable(),
  freeBytes: bytes.nullable(),
  cachedBytes: bytes.nullable(),
  buffersBytes: bytes.nullable(),
  swapTotalBytes: bytes.nullable(),
  swapUsedBytes: bytes.nullable(),
})
export type MemoryView = z.infer<typeof memorySchema>

const filesystemSchema = z.strictObject({
  device: z.string(),
  mountpoint: z.string(),
  fstype: z.string(),
  isReadonly: z.boolean(),
  /** Null throughout when it gave no answer in time. */
  sizeBytes: bytes.nullable(),
  usedBytes: bytes.nullable(),
  availableBytes: bytes.nullable(),
  usedRatio: ratio.nullable(),
})

export const diskSchema = z.strictObject({
  ...reading,
  filesystems: z.array(filesystemSchema),
  devices: z.array(
    z.strictObject({
      device: z.string(),
      readBytesPerSecond: perSecond,
      writtenBytesPerSecond: perSecond,
      readsPerSecond: perSecond,
      writesPerSecond: perSecond,
      busyRatio: ratio.nullable(),
      smartHealthy: z.boolean().nullable(),
    }),
  ),
})
export type DiskView = z.infer<typeof diskSchema>

export const networkSchema = z.strictObject({
  ...reading,
  interfaces: z.array(
    z.strictObject({
      device: z.string(),
      isUp: z.boolean().nullable(),
      speedBytesPerSecond: z.number().positive().nullable(),
      receivedBytes: bytes,
      transmittedBytes: bytes,
      receivedBytesPerSecond: perSecond,
      transmittedBytesPerSecond: perSecond,
      errors: z.number().min(0),
      drops: z.number().min(0),
    }),
  ),
  /** TCP, by state. */
  connections: z.record(z.string(), z.number().min(0)).nullable(),
})
export type NetworkView = z.infer<typeof networkSchema>

export const topProcessSchema = z.strictObject({
  pid: z.number().positive(),
  group: z.string(),
  name: z.string(),
  /** Cores in use over the window; over its life where there is no earlier scan. */
  cpuCores: z.number().min(0),
  residentMemoryBytes: bytes,
  memoryRatio: ratio,
  state: z.string(),
  category: z.string(),
  confidence: ratio,
  sentence: z.string(),
})
export type TopProcessView = z.infer<typeof topProcessSchema>

export const overviewSchema = z.strictObject({
  ...reading,
  /** Why the machine is busy, for a person. */
  sentence: z.string(),
  isHigh: z.boolean(),
  cpu: z.strictObject({
    usageRatio: ratio.nullable(),
    cores: z.number().positive(),
    load: loadSchema.nullable(),
    hottest: temperatureSchema.nullable(),
  }),
  memory: z.strictObject({ totalBytes: bytes.nullable(), availableBytes: bytes.nullable(), usedRatio: ratio.nullable() }),
  /** The fullest one that can be written to. */
  fullestFilesystem: filesystemSchema.nullable(),
  network: z.strictObject({ receivedBytesPerSecond: perSecond, transmittedBytesPerSecond: perSecond }),
  /** Empty where processes are not read. */
  topProcesses: z.array(topProcessSchema),
})
export type OverviewView = z.infer<typeof overviewSchema>
