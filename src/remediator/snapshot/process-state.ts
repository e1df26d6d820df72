/** Owns reading what can be known about a process before it is touched. Values of its environment, which hold secrets, are never kept. */
import { closeSync, openSync, readSync, readdirSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { bytesToText } from '../../lib/linux/bytes-text.ts'
import { parseCmdline, type Procfs } from '../../lib/linux/proc-process.ts'

const TEXT_BYTES_MAX = 65_536
const FILES_MAX = 4_096
const ENVIRONMENT_NAMES_MAX = 1_024

export interface ProcessState {
  readonly pid: number
  readonly cmdline: readonly string[]
  readonly exe?: string
  readonly cwd?: string
  /** Names of environment variables; their values are not kept. */
  readonly environmentNames: readonly string[]
  /** What each open descriptor leads to. */
  readonly openFiles: Readonly<Record<string, string>>
  readonly openFilesCount: number
  /** The files of /proc/PID as they are; absent where they may not be read. */
  readonly status?: string
  readonly stat?: string
  readonly limits?: string
  readonly cgroup?: string
  readonly io?: string
  readonly stack?: string
  readonly wchan?: string
  readonly children?: string
}

export function readProcessState(pid: number, procfs: Procfs): ProcessState {
  const directory = path.join(procfs.root, String(pid))
  const text = (name: string): string | undefined => attempt(() => bytesToText(readStart(path.join(directory, name))))
  const link = (name: string): string | undefined =>
    attempt(() => bytesToText(readlinkSync(path.join(directory, name), { encoding: 'buffer' })))
  const descriptors = attempt(() => readdirSync(path.join(directory, 'fd'))) ?? []
  const openFiles = descriptors.slice(0, FILES_MAX).flatMap((descriptor) => {
    const target = link(`fd/${descriptor}`)
    return target === undefined ? [] : [[descriptor, target]]
  })
  const files = ['status', 'stat', 'limits', 'cgroup', 'io', 'stack', 'wchan'].map((name) => [name, text(name)] as const)
  return {
    pid,
    cmdline: attempt(() => parseCmdline(readStart(path.join(directory, 'cmdline')))) ?? [],
    environmentNames: attempt(() => namesOf(readStart(path.join(directory, 'environ')))) ?? [],
    openFiles: Object.fromEntries(openFiles),
    openFilesCount: descriptors.length,
    ...present('exe', link('exe')),
    ...present('cwd', link('cwd')),
    ...present('children', text(`task/${pid}/children`)),
    ...Object.fromEntries(files.filter(([, content]) => content !== undefined)),
  }
}

/** NAME=VALUE, ended by NUL (proc_pid_environ(5)); what is not of that form may be a piece of a value. */
export function namesOf(environ: Buffer): string[] {
  return environ
    .toString('latin1')
    .split('\0')
    .slice(0, ENVIRONMENT_NAMES_MAX)
    .flatMap((entry) => /^([A-Za-z_][A-Za-z0-9_]{0,254})=/.exec(entry)?.[1] ?? [])
}

function present<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  const entry: Partial<Record<Key, string>> = {}
  if (value !== undefined) entry[key] = value
  return entry
}

function readStart(file: string): Buffer {
  const fd = openSync(file, 'r')
  try {
    const buffer = Buffer.allocUnsafe(TEXT_BYTES_MAX)
    return Buffer.from(buffer.subarray(0, readSync(fd, buffer, 0, TEXT_BYTES_MAX, 0)))
  } finally {
    closeSync(fd)
  }
}

/** The process may end meanwhile, and much of it is closed to others than root. */
function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
