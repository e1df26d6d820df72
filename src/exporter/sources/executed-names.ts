/**
 * Owns the file names of programs as they are executed, by pid, from fanotify's FAN_OPEN_EXEC: the kernel's process events
 * carry no name, and a process that lived for a millisecond can no longer be asked for it.
 */
import { closeSync, readFileSync, readSync } from 'node:fs'
import { OperationalError, errnoOf } from '../../lib/errors.ts'
import { bytesToText } from '../../lib/linux/bytes-text.ts'
import { FanotifyCursor } from '../../lib/linux/fanotify-events.ts'
import type { Fanotify } from '../../lib/linux/fanotify.ts'

export interface ExecutedNames {
  /** Reads what the kernel holds; asked after the process events were read, so that no exec is ahead of its name. */
  drain(): void
  /** The names opened for execution by `pid` so far, in their order, loaders left out. */
  of(pid: number): readonly string[]
  forget(pid: number): void
  close(): void
}

const READ_BYTES = 1 << 16
const PIDS_MAX = 65_536
const NAMES_MAX = 16
const MOUNTS_MAX = 256
const MARK_INTERVAL_MS = 30_000
/** ld.so(8) of glibc and musl: opened for nearly every program and never what somebody meant to run. */
const LOADER = /^ld(?:-linux[\w-]*|-musl[\w-]*|-[\d.]+|64)?\.so\b/

export const NO_NAMES: ExecutedNames = { drain: () => undefined, of: () => [], forget: () => undefined, close: () => undefined }

/** Where fanotify is not allowed nothing is ever known. `mountinfo` is proc_pid_mountinfo(5). */
export function createExecutedNames(openFanotify: () => Fanotify, mountinfo = '/proc/self/mountinfo'): ExecutedNames {
  const opened = attempt(() => {
    const fanotify = openFanotify()
    return { fanotify, fd: fanotify.init() }
  })
  if (opened === undefined) return NO_NAMES
  const { fanotify, fd } = opened
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  const cursor = new FanotifyCursor(buffer)
  const names = new Map<number, string[]>()
  let marked = ''
  let markedMs = -Infinity

  /** A file system mounted later is found within MARK_INTERVAL_MS. One that cannot be watched stays unwatched. */
  const mark = (): void => {
    if (performance.now() - markedMs < MARK_INTERVAL_MS) return
    markedMs = performance.now()
    const text = attempt(() => readFileSync(mountinfo, 'latin1')) ?? ''
    if (text === marked) return
    marked = text
    for (const path of executableMounts(text)) attempt(() => fanotify.markExecutions(fd, path))
  }
  const take = ({ pid }: FanotifyCursor): void => {
    const name = bytesToText(cursor.name())
    if (pid <= 0 || name === '' || LOADER.test(name)) return
    const known = names.get(pid)
    if (known !== undefined) {
      if (known.length < NAMES_MAX) known.push(name)
      return
    }
    if (names.size >= PIDS_MAX) names.clear()
    names.set(pid, [name])
  }

  mark()
  return {
    drain: () => {
      mark()
      for (let size = readAvailable(fd, buffer); size > 0; size = readAvailable(fd, buffer)) {
        cursor.begin(size)
        while (cursor.next()) take(cursor)
      }
    },
    of: (pid) => names.get(pid) ?? [],
    forget: (pid) => void names.delete(pid),
    close: () => closeSync(fd),
  }
}

/** Mount points of file systems that programs may be executed from; the escapes of proc_pid_mountinfo(5) undone. */
export function executableMounts(mountinfo: string): string[] {
  const paths = new Set<string>()
  for (const line of mountinfo.split('\n')) {
    const [, , , , point, options] = line.split(' ')
    const type = line.split(' - ')[1]?.split(' ')[0] ?? ''
    if (point === undefined || options === undefined || options.split(',').includes('noexec')) continue
    if (/^(?:proc|sysfs|cgroup2?|devpts|debugfs|tracefs|securityfs|bpf|mqueue|hugetlbfs|configfs|pstore|efivarfs|autofs|nsfs)$/.test(type))
      continue
    paths.add(point.replaceAll(/\\([0-7]{3})/g, (_whole, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))))
    if (paths.size >= MOUNTS_MAX) break
  }
  return [...paths]
}

function readAvailable(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer)
  } catch (error) {
    if (errnoOf(error) === 'EAGAIN') return 0
    throw error
  }
}

function attempt<Value>(act: () => Value): Value | undefined {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof OperationalError) && errnoOf(error) === undefined) throw error
    return undefined
  }
}
