import { readlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { OperationalError } from '../../../src/lib/errors.ts'
import { loadLibc } from '../../../src/lib/linux/libc.ts'
import { createPidfds } from '../../../src/lib/linux/pidfd.ts'
import { createProcfs, readProcessIdentity } from '../../../src/lib/linux/proc-process.ts'
import { afterTest, exitOf, temporaryProcess } from '../../support/temporary.ts'

const pidfds = createPidfds(loadLibc())

function openFor(pid: number): number {
  const fd = pidfds.openPidfd(pid)
  afterTest(() => pidfds.closePidfd(fd))
  return fd
}

function reasonOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof OperationalError) return error.reason
    throw error
  }
  return 'none'
}

describe('pidfd', () => {
  test('a signal ends the process it was opened for, and the wait sees it', async () => {
    const child = await temporaryProcess('sleep', ['1000'])
    const fd = openFor(child.pid)
    expect(pidfds.hasExited(fd)).toBe(false)
    expect(await pidfds.waitExit(fd, 20)).toBe(false)
    const exit = exitOf(child)
    pidfds.sendSignal(fd, 'SIGTERM')
    expect(await pidfds.waitExit(fd, 10_000)).toBe(true)
    expect(await exit).toBe('SIGTERM')
  })

  test('once the process is gone, its descriptor reaches nobody', async () => {
    const child = await temporaryProcess('true', [])
    const fd = openFor(child.pid)
    await exitOf(child)
    expect(reasonOf(() => pidfds.sendSignal(fd, 'SIGKILL'))).toBe('gone')
    expect(reasonOf(() => pidfds.openPidfd(child.pid))).toBe('gone')
  })

  test('what is no process is gone: a thread, zero, a negative id that would mean a group', () => {
    for (const pid of [0, -1, 2 ** 22 + 1]) expect(reasonOf(() => pidfds.openPidfd(pid))).toBe('gone')
  })

  test('signal 0 asks and does nothing', async () => {
    const child = await temporaryProcess('sleep', ['1000'])
    pidfds.sendSignal(openFor(child.pid), 0)
    expect(child.exitCode).toBeNull()
  })

  test("another user's process may not be signalled", async () => {
    const lib = new URL('../../../src/lib/linux/', import.meta.url).href
    const code = `
      const { createPidfds } = await import('${lib}pidfd.ts')
      const { loadLibc } = await import('${lib}libc.ts')
      const pidfds = createPidfds(loadLibc())
      try { pidfds.sendSignal(pidfds.openPidfd(1), 0); process.exit(1) } catch (error) { process.exit(error.reason === 'denied' ? 42 : 2) }`
    // Root may signal anybody, so the attempt is made as nobody.
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
    expect(await exitOf(await temporaryProcess(process.execPath, ['--input-type=module', '-e', code], { cwd: '/', ...nobody }))).toBe(42)
  })

  test('the descriptor is not inherited by children', async () => {
    const child = await temporaryProcess('sleep', ['1000'])
    const fd = openFor(child.pid)
    const other = await temporaryProcess('sleep', ['1000'])
    expect(() => readlinkSync(`/proc/${other.pid}/fd/${fd}`)).toThrow('ENOENT')
  })

  test('waiting stops when it is told to', async () => {
    const child = await temporaryProcess('sleep', ['1000'])
    const stop = new AbortController()
    const waiting = pidfds.waitExit(openFor(child.pid), 60_000, stop.signal)
    stop.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('readProcessIdentity', () => {
  const procfs = createProcfs(systemClock())

  test('tells who a process is and when it started', async () => {
    const before = Date.now()
    const child = await temporaryProcess('sleep', ['1000'])
    const identity = readProcessIdentity(child.pid, procfs)
    expect(identity).toMatchObject({
      pid: child.pid,
      ppid: process.pid,
      comm: 'sleep',
      cmdline: ['sleep', '1000'],
      uid: process.getuid?.(),
      isKernelThread: false,
    })
    expect(identity?.exe).toMatch(/\/(?:sleep|busybox|coreutils)$/)
    // Clock ticks are 10 ms, and so is the resolution of /proc/uptime.
    expect(identity?.startTimeMs).toBeGreaterThan(before - 30)
    expect(identity?.startTimeMs).toBeLessThan(Date.now() + 30)
    expect(readProcessIdentity(child.pid, procfs)?.startTicks).toBe(identity?.startTicks)
  })

  test('of a process that is gone there is nothing to tell', async () => {
    const child = await temporaryProcess('true', [])
    await exitOf(child)
    expect(readProcessIdentity(child.pid, procfs)).toBeUndefined()
  })
})
