import { beforeEach, describe, expect, test } from 'vitest'
import type { Group } from '../../../src/exporter/group-counters.ts'
import { ProcessLives } from '../../../src/exporter/process-lives.ts'
import { ProcessTable } from '../../../src/exporter/process-table.ts'
import type { ProcessSample } from '../../../src/exporter/sources/process-source.ts'
import { executableMounts } from '../../../src/exporter/sources/executed-names.ts'
import type { ProcEvent } from '../../../src/lib/linux/proc-events.ts'
import type { ProcessIdentity } from '../../../src/lib/linux/proc-process.ts'
import { FakeClock } from '../../support/clock.ts'

let clock: FakeClock
let table: ProcessTable
let lives: ProcessLives
const alive = new Map<number, ProcessIdentity>()
const names = new Map<number, string[]>()

beforeEach(() => {
  clock = new FakeClock()
  alive.clear()
  names.clear()
  table = new ProcessTable({
    settings: { matchers: [], groupsMax: 100, groupExpiryMs: 3_600_000 },
    clock,
    startTicksOf: (pid) => alive.get(pid)?.startTicks,
    identify: (pid) => alive.get(pid),
  })
  lives = new ProcessLives({
    table,
    clock,
    names: { drain: () => undefined, of: (pid) => names.get(pid) ?? [], forget: (pid) => void names.delete(pid) },
  })
  table.setFollower(lives)
})

const living = (pid: number, program: string): void => {
  alive.set(pid, {
    pid,
    startTicks: pid,
    startTimeMs: 0,
    ppid: 1,
    comm: program,
    state: 'S',
    isKernelThread: false,
    exe: `/bin/${program}`,
    cmdline: [program],
  })
}
const fork = (pid: number, parentPid: number): ProcEvent => ({ kind: 'fork', pid, parentPid })
const exec = (pid: number): ProcEvent => ({ kind: 'exec', pid })
const exit = (pid: number, code = 0, signal = 0): ProcEvent => ({ kind: 'exit', pid, code, signal, dumpedCore: false })
const life = (name: string): Group['life'] | undefined => [...table.groups.values()].find((group) => group.name === name)?.life
const scan = (...pids: number[]): void => {
  clock.advance(5000)
  const samples = pids.map((pid): ProcessSample => {
    const program = alive.get(pid)?.comm ?? 'x'
    const details = { exe: `/bin/${program}`, cmdline: [program] }
    return {
      pid,
      startTicks: pid,
      startTimeSeconds: clock.nowMs() / 1000,
      ppid: 1,
      comm: program,
      state: 'S',
      isKernelThread: false,
      userSeconds: 0,
      systemSeconds: 0,
      threads: 1,
      virtualBytes: 0,
      residentBytes: 0,
      details,
    }
  })
  table.apply({ samples, unreadable: { io: 0, fd: 0, exe: 0, status: 0, limits: 0 } }, clock.nowMs())
}

describe('from events', () => {
  beforeEach(() => lives.followEvents(() => undefined))

  test('one that never executed anything belongs to its parent, over generations', () => {
    living(10, 'shell')
    lives.take([fork(11, 10), fork(12, 11), exit(11), exit(12, 1)])
    expect(life('shell')).toMatchObject({ starts: 2, exits: { success: 1, error: 1 } })
  })
  test('one that executed and is gone bears the name that was opened; without any it is unknown', () => {
    living(10, 'shell')
    names.set(11, ['touch'])
    lives.take([fork(11, 10), exec(11), exit(11), fork(12, 10), exec(12), exit(12)])
    expect(life('touch')).toMatchObject({ starts: 1, exits: { success: 1 } })
    expect(life('unknown')).toMatchObject({ starts: 1, exits: { success: 1 } })
    expect(life('shell')?.starts ?? 0).toBe(0)
  })
  test('without an opened name, the one that it gave itself', () => {
    lives.take([fork(12, 10), exec(12), { kind: 'comm', pid: 12, comm: 'renamed' }, exit(12)])
    expect(life('renamed')).toMatchObject({ starts: 1, exits: { success: 1 } })
  })
  test.each([
    [1, ['script.sh', 'dash'], 'script.sh'],
    [2, ['script.sh', 'env', 'bash'], 'script.sh'],
    [2, ['nice', 'tar'], 'tar'],
    [2, ['first.sh', 'dash', 'second.sh'], 'second.sh'],
    [2, ['tar'], 'tar'],
  ])('after %d executions and the names %j it is %s', (execs, opened, group) => {
    names.set(11, opened)
    lives.take([fork(11, 10), ...Array.from({ length: execs }, () => exec(11)), exit(11)])
    expect(life(group)?.exits.success).toBe(1)
  })
  test('one that lives is asked, and a fork settles as one of its own when it executes nothing', () => {
    living(10, 'shell')
    living(11, 'daemon')
    lives.take([fork(11, 10), exec(11), fork(12, 10)])
    expect([life('daemon')?.starts, life('shell')?.starts]).toEqual([1, 0])
    clock.advance(500)
    lives.take([])
    lives.take([])
    expect([life('daemon')?.starts, life('shell')?.starts]).toEqual([1, 1])
    lives.take([exit(12, 0, 9)])
    expect(life('shell')).toMatchObject({ starts: 1, exits: { signal: 1 }, crashes: new Map() })
  })
  test('an exec in another thread is no end of the process', () => {
    living(11, 'daemon')
    lives.take([exit(11, 0, 9), exec(11)])
    expect(life('daemon')?.exits.signal).toBe(0)
    lives.take([exit(11)])
    expect(life('daemon')?.exits).toMatchObject({ signal: 0, success: 1 })
  })
  test.each([
    [11, 'SIGSEGV'],
    [6, 'SIGABRT'],
    [7, 'SIGBUS'],
    [31, 'SIGSYS'],
  ])('signal %d is a crash: %s', (signal, name) => {
    living(11, 'daemon')
    scan(11)
    lives.take([exit(11, 0, signal)])
    expect(life('daemon')?.crashes).toEqual(new Map([[name, 1]]))
  })
  test.each([1, 2, 3, 9, 13, 15, 40])('signal %d is an end by a signal, and no crash', (signal) => {
    living(11, 'daemon')
    scan(11)
    lives.take([exit(11, 0, signal)])
    expect(life('daemon')).toMatchObject({ exits: { signal: 1 }, crashes: new Map() })
  })
  test('a pid that lives again within one batch is two processes', () => {
    names.set(11, ['one'])
    lives.take([fork(11, 10), exec(11), exit(11), fork(11, 10), exit(11, 1)])
    expect(life('one')?.exits.success).toBe(1)
    expect(life('unknown')?.exits.error).toBe(1)
  })
  test('a scan after a loss counts what began and ended unseen, once', () => {
    living(1, 'init')
    living(20, 'old')
    scan(1, 20)
    names.set(11, ['gone'])
    lives.take([fork(11, 1), exec(11)])
    lives.lost(7)
    living(30, 'new')
    scan(1, 30)
    scan(1, 30)
    expect(lives.lostEvents).toBe(7)
    expect(life('new')?.starts).toBe(1)
    expect(life('gone')?.exits.unknown).toBe(1)
    expect(life('old')?.exits.unknown).toBe(1)
    lives.take([exit(30)])
    expect(life('new')).toMatchObject({ starts: 1, exits: { success: 1 } })
  })
  test('a pid that came round again: its files are not those of who had it before', () => {
    names.set(11, ['first'])
    lives.take([fork(11, 10), exec(11), exit(11)])
    const events = [fork(11, 10), exec(11), exit(11)]
    lives.followEvents(() => lives.take(events.splice(0)))
    names.set(11, ['second'])
    expect(table.addFilesCreated(11, 1).name).toBe('second')
  })
  test('one that is about to end and has only its short name left is called by what it was executed from', () => {
    const short = 'forks-without-e'
    alive.set(11, { pid: 11, startTicks: 11, startTimeMs: 0, ppid: 1, comm: short, state: 'R', isKernelThread: false, cmdline: [] })
    names.set(11, ['forks-without-exec', 'perl'])
    lives.take([fork(11, 10), exec(11)])
    expect(life('forks-without-exec')?.starts).toBe(1)
    expect(table.addFilesCreated(11, 1).name).toBe('forks-without-exec')
    lives.take([exit(11)])
    expect(life('forks-without-exec')?.exits.success).toBe(1)
    expect(life(short)).toBeUndefined()
  })

  test('files of one that has ended count to what it was, and a heir of its pid does not inherit', () => {
    names.set(11, ['touch'])
    lives.take([fork(11, 10), exec(11), exit(11)])
    expect(table.addFilesCreated(11, 1).name).toBe('touch')
    living(11, 'heir')
    expect(table.addFilesCreated(11, 1).name).toBe('heir')
    clock.advance(3_600_000)
    lives.take([])
    alive.clear()
    expect(lives.endedGroup(11)).toBeUndefined()
  })
})

test('without events the differences between scans are counted, the first scan being none', () => {
  for (const [pid, name] of [
    [1, 'init'],
    [2, 'job'],
    [3, 'job'],
  ] as const)
    living(pid, name)
  scan(1, 2)
  expect(life('job')).toMatchObject({ starts: 0, exits: { unknown: 0 } })
  scan(1, 3)
  expect(life('job')).toMatchObject({ starts: 1, exits: { unknown: 1 } })
})

test('mounts that programs may be run from', () => {
  const text = [
    '22 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
    '23 22 0:20 / /proc rw,noexec - proc proc rw',
    '24 22 0:21 / /sys rw - sysfs sysfs rw',
    '25 22 0:22 / /tmp rw,nosuid,noexec shared:1 - tmpfs tmpfs rw',
    '26 22 0:23 / /srv/with\\040space rw shared:1 master:2 - xfs /dev/vdb rw',
    '27 22 0:23 / /srv/with\\040space rw - xfs /dev/vdb rw',
    'nonsense',
    '',
  ].join('\n')
  expect(executableMounts(text)).toEqual(['/', '/srv/with space'])
})
