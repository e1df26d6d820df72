/** Owns the system calls of fanotify(7): a group of marks, and turning a folder's file handle into its path. Never keeps events. */
import { closeSync, fstatSync, lstatSync, openSync, readFileSync, readlinkSync } from 'node:fs'
import { constants } from 'node:fs'
import { OperationalError } from '../errors.ts'
import { FAN_CLOSE_WRITE, FAN_CREATE, FAN_DELETE, FAN_MOVED_TO, FAN_ONDIR, FAN_OPEN_EXEC } from './fanotify-events.ts'
import type { Libc } from './libc.ts'

export interface Fanotify {
  /**
   * A non-blocking descriptor of events. Its queue has no end unless `isBounded`, when it is that of fs.fanotify.max_queued_events.
   * Throws OperationalError `denied` (CAP_SYS_ADMIN) or `unsupported` (Linux 5.9).
   */
  init(isBounded?: boolean): number
  /**
   * Reports creations, deletions, moves and files closed after writing, anywhere on the file system that holds `path`.
   * Throws OperationalError `file_system` when it cannot report them.
   */
  markFilesystem(fd: number, path: string): void
  unmarkFilesystem(fd: number, path: string): void
  /** Forgets every file system, also those that no path leads to any more. */
  unmarkAll(fd: number): void
  /** Reports programs executed from the file system that holds `path`. Throws OperationalError `file_system` when it cannot report them. */
  markExecutions(fd: number, path: string): void
  /**
   * An open descriptor of a folder, with the id that events of its file system carry; the caller closes it.
   * Throws OperationalError `denied` when handles may not be opened through it (CAP_DAC_READ_SEARCH).
   */
  openMount(path: string): Mount
  /**
   * The path of a folder by the key that its events carry, as bytes; undefined when it is gone.
   * Throws OperationalError `denied` without CAP_DAC_READ_SEARCH.
   */
  pathOf(mount: Mount, directory: string): Buffer | undefined
}

const FILE_EVENTS = FAN_CREATE | FAN_DELETE | FAN_MOVED_TO | FAN_CLOSE_WRITE | FAN_ONDIR

export interface Mount {
  readonly fd: number
  /** 8 bytes, as latin1. */
  readonly fsid: string
  /** Tells mounts of one file system apart (bind mounts): a handle's path depends on the mount it is opened through. */
  readonly mountId: string
}

const FAN_CLOEXEC = 0x1
const FAN_NONBLOCK = 0x2
const FAN_UNLIMITED_QUEUE = 0x10
const FAN_UNLIMITED_MARKS = 0x20
const FAN_REPORT_FID = 0x200
const FAN_REPORT_DFID_NAME = 0x400 | 0x800
const FAN_REPORT_TARGET_FID = 0x1000
const FAN_MARK_ADD = 0x1
const FAN_MARK_REMOVE = 0x2
const FAN_MARK_FLUSH = 0x80
const FAN_MARK_FILESYSTEM = 0x100
const AT_FDCWD = -100
/** open(2); the same on every architecture that Node runs on. */
const O_PATH = 0o10_000_000
const O_CLOEXEC = 0o2_000_000
const FSID_BYTES = 8
/** struct statfs on 64-bit Linux: seven words before f_fsid. */
const STATFS_BYTES = 256
const STATFS_FSID_AT = 56
/** handle_bytes 8, FILEID_INO32_GEN, inode 0: permission is checked before it is looked for. */
const NO_SUCH_HANDLE = Buffer.from([8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])

/** Binds the calls. Throws OperationalError `unsupported` where the C library lacks them. */
export function createFanotify(libc: Libc): Fanotify {
  const fanotifyInit: (flags: number, eventFlags: number) => number = libc.bind('int fanotify_init(unsigned int, unsigned int)')
  const fanotifyMark: (fd: number, flags: number, mask: number, dirfd: number, path: string | null) => number = libc.bind(
    'int fanotify_mark(int, unsigned int, uint64_t, int, const char *)',
  )
  const openByHandleAt: (mountFd: number, handle: Buffer, flags: number) => number = libc.bind(
    'int open_by_handle_at(int, const void *, int)',
  )
  const fstatfs: (fd: number, out: Buffer) => number = libc.bind('int fstatfs(int, _Out_ void *)')

  const mark = (fd: number, action: number, path: string, mask = FILE_EVENTS): void => {
    if (fanotifyMark(fd, action | FAN_MARK_FILESYSTEM, mask, AT_FDCWD, path) < 0) throw markError(libc.errno(), path)
  }

  return {
    init: (isBounded = false) => {
      const flags = FAN_REPORT_DFID_NAME | (isBounded ? 0 : FAN_UNLIMITED_QUEUE) | FAN_UNLIMITED_MARKS | FAN_CLOEXEC | FAN_NONBLOCK
      // With the handle of a new folder comes its path, even when it is gone by the time anybody asks.
      let fd = fanotifyInit(flags | FAN_REPORT_FID | FAN_REPORT_TARGET_FID, 0)
      if (fd < 0 && libc.errno() === 'EINVAL') fd = fanotifyInit(flags, 0)
      if (fd < 0) throw initError(libc.errno())
      return fd
    },
    markFilesystem: (fd, path) => mark(fd, FAN_MARK_ADD, path),
    unmarkFilesystem: (fd, path) => mark(fd, FAN_MARK_REMOVE, path),
    unmarkAll: (fd) => {
      if (fanotifyMark(fd, FAN_MARK_FLUSH | FAN_MARK_FILESYSTEM, 0, AT_FDCWD, null) < 0) throw markError(libc.errno(), '/')
    },
    markExecutions: (fd, path) => mark(fd, FAN_MARK_ADD, path, FAN_OPEN_EXEC),
    openMount: (path) => {
      const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
      const statfs = Buffer.alloc(STATFS_BYTES)
      if (fstatfs(fd, statfs) < 0) {
        closeSync(fd)
        throw new OperationalError(`the file system of ${path} cannot be asked for its id`, { reason: 'file_system' })
      }
      if (openByHandleAt(fd, NO_SUCH_HANDLE, O_PATH | O_CLOEXEC) < 0 && libc.errno() === 'EPERM') {
        closeSync(fd)
        throw handleError()
      }
      return { fd, fsid: statfs.toString('latin1', STATFS_FSID_AT, STATFS_FSID_AT + FSID_BYTES), mountId: mountIdOf(fd) }
    },
    pathOf: (mount, directory) => {
      const handle = Buffer.from(directory.slice(FSID_BYTES), 'latin1')
      const fd = openByHandleAt(mount.fd, handle, O_PATH | O_CLOEXEC)
      if (fd < 0) {
        const errno = libc.errno()
        if (errno === 'EPERM') throw handleError()
        return undefined // ESTALE: removed, or not of this mount
      }
      try {
        const path = readlinkSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' })
        return isOtherFolder(path, fd) ? undefined : path
      } finally {
        closeSync(fd)
      }
    },
  }
}

/**
 * A folder that lies outside of what a bind mount shows has no path there, and the kernel tells the one from the root of the file
 * system: what is found under it, if anything, is another folder. One that has been removed is not found at all.
 */
function isOtherFolder(path: Buffer, fd: number): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return false
  const folder = fstatSync(fd)
  return found.ino !== folder.ino || found.dev !== folder.dev
}

/** proc_pid_fdinfo(5). */
function mountIdOf(fd: number): string {
  return /^mnt_id:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? ''
}

function handleError(): OperationalError {
  return new OperationalError('folders cannot be told by their handles: that needs CAP_DAC_READ_SEARCH', { reason: 'denied' })
}

function initError(errno: string): OperationalError {
  if (errno === 'EPERM') return new OperationalError('fanotify is not permitted: it needs CAP_SYS_ADMIN', { reason: 'denied' })
  return new OperationalError(`fanotify is not available: ${errno} (it needs Linux 5.9)`, { reason: 'unsupported' })
}

function markError(errno: string, path: string): OperationalError {
  if (errno === 'EPERM')
    return new OperationalError(`fanotify may not watch the file system of ${path}: it needs CAP_SYS_ADMIN`, { reason: 'denied' })
  return new OperationalError(`fanotify cannot watch the file system of ${path}: ${errno}`, { reason: 'file_system' })
}
