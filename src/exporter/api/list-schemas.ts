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

export const filesSchema = z.strictObject({
  backends: z.array(z.strictObject({ backend: z.string(), reason: z.string() })),
  overflows: countSchema,
  directories: z.array(
    z.strictObject({
      directory: z.string(),
      isRoot: z.boolean(),
      filesCreated: countSchema,
      /** The groups that created most; empty where the backend knows no processes. */
      topWriters: z.array(z.strictObject({ group: z.string(), filesCreated: countSchema })),
    }),
  ),
})
export type FilesView = z.infer<typeof filesSchema>
