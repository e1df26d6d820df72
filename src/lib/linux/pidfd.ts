/** Owns process file descriptors: a handle on one process that a recycled pid can never redirect. Never decides whom to signal. */
import { closeSync } from 'node:fs'
import os from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { OperationalError } from '../errors.ts'
import type { Libc } from './libc.ts'

export interface Pidfds {
  /** A descriptor of the process, close-on-exec. Throws OperationalError `gone`, `denied` or `unsupported`. */
  openPidfd(pid: number): number
  /** Sends a signal; 0 only asks whether it could be. Throws OperationalError `gone`, `denied` or `unsupported`. */
  sendSignal(fd: number, signal: NodeJS.Signals | 0): void
  /** Whether the process has ended (a zombie has), asked without waiting. */
  hasExited(fd: number): boolean
  /** Waits for the process to end: true when it has within `timeoutMs`. Rejects with the signal's reason when aborted. */
  waitExit(fd: number, timeoutMs: number, signal?: AbortSignal): Promise<boolean>
  closePidfd(fd: number): void
}

/** syscall numbers since Linux 5.1 are the same on every architecture (include/uapi/asm-generic/unistd.h). */
const SYS_PIDFD_SEND_SIGNAL = 424
const SYS_PIDFD_OPEN = 434
const POLLIN = 1
/** Between two looks at a descriptor: short enough not to delay a verdict, long enough to cost nothing. */
const POLL_INTERVAL_MS = 10
const POLL_INTERVAL_MS_MAX = 100

/** Binds pidfd_open(2), pidfd_send_signal(2) and poll(2). Needs Linux 5.3. */
export function createPidfds(libc: Libc): Pidfds {
  const syscall: (number: number, a: number, b: number, c: number, d: number) => number = libc.bind(
    'long syscall(long, long, long, long, long)',
  )
  const poll: (fds: Buffer, count: number, timeoutMs: number) => number = libc.bind('int poll(_Inout_ uint8_t *, unsigned long, int)')

  const hasExited = (fd: number): boolean => {
    const pollfd = Buffer.alloc(8) // struct pollfd: int fd, short events, short revents
    pollfd.writeInt32LE(fd, 0)
    pollfd.writeInt16LE(POLLIN, 4)
    // A pidfd becomes readable when its process ends (pidfd_open(2)).
    return poll(pollfd, 1, 0) > 0
  }

  return {
    openPidfd: (pid) => {
      if (!Number.isInteger(pid) || pid <= 0) throw new OperationalError(`${pid} is not a process id`, { reason: 'gone' })
      const fd = syscall(SYS_PIDFD_OPEN, pid, 0, 0, 0)
      if (fd < 0) throw pidfdError(libc.errno(), `process ${pid} cannot be opened`)
      return fd
    },
    sendSignal: (fd, signal) => {
      const number = signal === 0 ? 0 : os.constants.signals[signal]
      if (syscall(SYS_PIDFD_SEND_SIGNAL, fd, number, 0, 0) < 0) throw pidfdError(libc.errno(), `${signal} cannot be sent`)
    },
    hasExited,
    waitExit: (fd, timeoutMs, signal) => waitUntil(() => hasExited(fd), timeoutMs, signal),
    closePidfd: (fd) => closeSync(fd),
  }
}

/** Looks again and again on timers: a blocking poll would hold one of the four threads that all file and DNS work shares. */
async function waitUntil(isDone: () => boolean, timeoutMs: number, signal: AbortSignal | undefined): Promise<boolean> {
  const end = performance.now() + timeoutMs
  for (let intervalMs = POLL_INTERVAL_MS; !isDone(); intervalMs = Math.min(intervalMs * 1.5, POLL_INTERVAL_MS_MAX)) {
    const leftMs = end - performance.now()
    if (leftMs <= 0) return false
    await delay(Math.min(intervalMs, leftMs), undefined, signal ? { signal } : {})
  }
  return true
}

function pidfdError(errno: string, what: string): OperationalError {
  // EINVAL of pidfd_open: the id is that of a thread, not of a process.
  if (errno === 'ESRCH' || errno === 'EINVAL') return new OperationalError(`${what}: it is gone`, { reason: 'gone' })
  if (errno === 'EPERM' || errno === 'EACCES') return new OperationalError(`${what}: not permitted`, { reason: 'denied' })
  return new OperationalError(`${what}: ${errno} (process file descriptors need Linux 5.3)`, { reason: 'unsupported' })
}
