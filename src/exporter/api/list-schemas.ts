/** Owns the shapes of /api/processes and /api/files; what could not be read is null. Types alone are taken from here at run time. */
import { z } from 'zod'

const countSchema = z.int().nonnegative()

export const processSchema = z.strictObject({
  pid: z.int().positive(),
  parentPid: z.int().nonnegative(),
  group: z.string(),
  name: z.string(),
  user: z.string().nullable(),
  /** The systemd unit and the container's short id or name; null for none. */
  unit: z.string().nullable(),
  container: z.string().nullable(),
  /** The first arguments. */
  commandLine: z.array(z.string()),
  /** One letter, as in proc_pid_stat(5). */
  state: z.string(),
  startTime: z.iso.datetime(),
  cpuSeconds: z.number().nonnegative(),
  residentMemoryBytes: z.number().nonnegative(),
  /** Of all memory of the machine, 0 to 1. */
  memoryRatio: z.number().nonnegative(),
  threads: countSchema.nullable(),
  openFds: countSchema.nullable(),
  readBytes: z.number().nonnegative().nullable(),
  writtenBytes: z.number().nonnegative().nullable(),
  readOperations: z.number().nonnegative().nullable(),
  writeOperations: z.number().nonnegative().nullable(),
  filesCreated: countSchema.nullable(),
})
export type ProcessView = Readonly<z.infer<typeof processSchema>>
export const processesSchema = z.array(processSchema)

/** Of the last `windowSeconds`; null where the backend does not know, or nothing was examined. */
const recentShape = {
  filesCreated: countSchema,
  filesDeleted: countSchema,
  filesMoved: countSchema.nullable(),
  filesIgnored: countSchema.nullable(),
  /** Over the time in which anything happened. */
  filesCreatedPerSecond: z.number().nonnegative(),
  /** What the created files hold, estimated from those examined. */
  bytes: z.number().nonnegative().nullable(),
  filesExamined: countSchema,
  /** Of those examined, how many have the content of an earlier one of the same process, where processes are known: 0 to 1. */
  duplicateShare: z.number().min(0).max(1).nullable(),
  examples: z.array(z.string()),
}
const recentSchema = z.strictObject(recentShape)
export type RecentView = z.infer<typeof recentSchema>

const recentDirectorySchema = z.strictObject({
  directory: z.string(),
  ...recentShape,
  writers: z.array(z.strictObject({ group: z.string(), pid: z.int().nullable(), filesCreated: countSchema })),
})
export type RecentDirectoryView = z.infer<typeof recentDirectorySchema>

const recentWriterSchema = z.strictObject({
  group: z.string(),
  pid: z.int().nullable(),
  ...recentShape,
  directories: z.array(z.strictObject({ directory: z.string(), filesCreated: countSchema })),
})
export type RecentWriterView = z.infer<typeof recentWriterSchema>

export const filesSchema = z.strictObject({
  backends: z.array(z.strictObject({ backend: z.string(), reason: z.string() })),
  overflows: countSchema,
  /** Since the exporter started. */
  directories: z.array(
    z.strictObject({
      directory: z.string(),
      isRoot: z.boolean(),
      filesCreated: countSchema,
      filesDeleted: countSchema,
      /** The groups that created most; empty where the backend knows no processes. */
      topWriters: z.array(z.strictObject({ group: z.string(), filesCreated: countSchema })),
    }),
  ),
  /** The busiest first. */
  recent: z.strictObject({
    windowSeconds: z.number().positive(),
    directories: z.array(recentDirectorySchema),
    writers: z.array(recentWriterSchema),
  }),
  /** The new files of one content that waste most; null when there are none. */
  largestDuplicateSet: z
    .strictObject({
      copies: countSchema,
      sizeBytes: z.number().nonnegative(),
      wastedBytes: z.number().nonnegative(),
      sha256: z.string(),
      examples: z.array(z.string()),
    })
    .nullable(),
})
export type FilesView = z.infer<typeof filesSchema>
