import * as fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { ProcessTable } from '../../../src/exporter/process-table.ts'
import { selectProcesses } from '../../../src/exporter/process-selection.ts'
import type { ProcessIo, ProcessSample } from '../../../src/exporter/sources/process-source.ts'
import type { ProcessIdentity } from '../../../src/lib/linux/proc-process.ts'
import { FakeClock } from '../../support/clock.ts'

const NOTHING_UNREADABLE = { io: 0, fd: 0, exe: 0, status: 0, limits: 0 }

describe('ProcessTable', () => {
  let clock: FakeClock
  let table: ProcessTable
  const alive = new Map<number, ProcessIdentity>()
  const settings = { matchers: [], groupsMax: 100, groupExpiryMs: 3_600_000 }

  const sample = (pid: number, program: string, more: Partial<ProcessSample> = {}): ProcessSample => ({
    pid,
    startTicks: pid,
    startTimeSeconds: 0,
    ppid: 1,
    comm: program,
    state: 'S',
    isKernelThread: false,
    userSeconds: 0,
    systemSeconds: 0,
    threads: 1,
    virtualBytes: 0,
    residentBytes: 0,
    details: { exe: `/bin/${program}`, cmdline: [program] },
    ...more,
  })
  const scan = (...samples: ProcessSample[]): void => {
    clock.advance(5000)
    table.apply({ samples, unreadable: NOTHING_UNREADABLE }, clock.nowMs())
  }
  const group = (name: string) => [...table.groups.values()].find((one) => one.name === name)
  const identity = (pid: number, program: string, startTicks = pid): ProcessIdentity => ({
    pid,
    startTicks,
    startTimeMs: 0,
    ppid: 1,
    comm: program,
    state: 'R',
    isKernelThread: false,
    exe: `/bin/${program}`,
    cmdline: [program],
  })

  beforeEach(() => {
    clock = new FakeClock()
    alive.clear()
    table = new ProcessTable({ settings, clock, startTicksOf: (pid) => alive.get(pid)?.startTicks, identify: (pid) => alive.get(pid) })
  })

  test('what a process used before the first look is not counted, what it uses after is', () => {
    scan(sample(1, 'a', { userSeconds: 100 }))
    expect(group('a')?.counters.userSeconds).toBe(0)
    scan(sample(1, 'a', { userSeconds: 107 }))
    expect(group('a')?.counters.userSeconds).toBe(7)
  })

  test('a process born since the last look counts in full', () => {
    scan(sample(1, 'a'))
    scan(sample(1, 'a'), sample(2, 'a', { userSeconds: 3, startTimeSeconds: clock.nowMs() / 1000 + 1 }))
    expect(group('a')?.counters.userSeconds).toBe(3)
  })

  test('counters outlive processes and survive recycled pids without a fall', () => {
    scan(sample(1, 'a', { userSeconds: 10 }))
    scan(sample(1, 'a', { userSeconds: 14 }))
    scan()
    expect(group('a')?.counters.userSeconds).toBe(4)
    scan(sample(1, 'a', { startTicks: 999, startTimeSeconds: clock.nowMs() / 1000 + 1, userSeconds: 2 }))
    expect(group('a')?.counters.userSeconds).toBe(6)
  })

  test('a figure that could not be read stays absent, and begins at 0 when it can be', () => {
    scan(sample(1, 'a'))
    expect(group('a')?.counters.readBytes).toBeUndefined()
    const io = { readBytes: 50, writtenBytes: 0, readOperations: 0, writeOperations: 0 }
    scan(sample(1, 'a', { io }))
    expect(group('a')?.counters.readBytes).toBe(0)
    scan(sample(1, 'a', { io: { ...io, readBytes: 60 } }))
    expect(group('a')?.counters.readBytes).toBe(10)
  })

  test('an exec moves a process to its new group and keeps its files', () => {
    alive.set(7, identity(7, 'sh'))
    scan(sample(7, 'sh'))
    table.addFilesCreated(7, 3)
    scan(sample(7, 'worker', { userSeconds: 1 }))
    table.addFilesCreated(7, 2)
    expect([group('sh')?.filesCreated, group('worker')?.filesCreated]).toEqual([3, 2])
    expect([...table.processes()].map((one) => [one.group.name, one.filesCreated])).toEqual([['worker', 5]])
  })

  test('details told once are kept', () => {
    scan(sample(1, 'a'))
    const { details: _details, ...later } = sample(1, 'a')
    scan(later)
    expect([...table.processes()][0]).toMatchObject({ details: { exe: '/bin/a' }, group: { name: 'a' } })
  })

  describe('created files', () => {
    test('a process not yet scanned is asked for its name at once', () => {
      alive.set(9, identity(9, 'new'))
      expect(table.addFilesCreated(9, 4).name).toBe('new')
      scan(sample(9, 'new'))
      expect([...table.processes()][0]?.filesCreated).toBe(4)
    })
    test('one too young for the scan under way keeps its count', () => {
      clock.advance(5000)
      const startedMs = clock.nowMs()
      clock.advance(10)
      alive.set(9, identity(9, 'new'))
      table.addFilesCreated(9, 4)
      table.apply({ samples: [sample(1, 'a')], unreadable: NOTHING_UNREADABLE }, startedMs)
      scan(sample(1, 'a'), sample(9, 'new'))
      expect([...table.processes()].find(({ pid }) => pid === 9)?.filesCreated).toBe(4)
    })
    test('one that has ended is known from the last scan, otherwise it is unknown', () => {
      scan(sample(5, 'ended'))
      expect(table.addFilesCreated(5, 1).name).toBe('ended')
      expect(table.addFilesCreated(6, 1).name).toBe('unknown')
      expect(table.addFilesCreated(0, 1).name).toBe('unknown')
    })
    test('a recycled pid does not inherit', () => {
      scan(sample(5, 'old'))
      alive.set(5, identity(5, 'heir', 777))
      expect(table.addFilesCreated(5, 2).name).toBe('heir')
      expect(group('old')?.filesCreated).toBe(0)
    })
  })

  test('programs beyond the cap share "other", and that is counted', () => {
    table.reconfigure({ ...settings, groupsMax: 2 })
    scan(sample(1, 'a'), sample(2, 'b'), sample(3, 'c'), sample(4, 'd'))
    expect([...table.groups.values()].map(({ name }) => name)).toEqual(['a', 'b', 'other'])
    expect(table.foldedGroups).toBe(2)
  })

  test('a group without processes expires, one with them never', () => {
    scan(sample(1, 'a'), sample(2, 'b'))
    scan(sample(1, 'a'))
    clock.advance(settings.groupExpiryMs)
    scan(sample(1, 'a'))
    expect([...table.groups.values()].map(({ name }) => name)).toEqual(['a'])
  })

  test('new matchers rename living processes; what was earned stays where it was', () => {
    scan(sample(1, 'a'))
    scan(sample(1, 'a', { userSeconds: 2 }))
    table.reconfigure({ ...settings, matchers: [{ name: 'renamed', exe: ['a'] }] })
    scan(sample(1, 'a', { userSeconds: 5 }))
    expect([group('a')?.counters.userSeconds, group('renamed')?.counters.userSeconds]).toEqual([2, 3])
  })
})

describe('selectProcesses', () => {
  const clock = new FakeClock()
  const options = { max: 2, elapsedSeconds: 5, memoryTotalBytes: 1000 }
  const process = (pid: number, cpuSeconds = 0, filesCreated = 0, residentBytes = 0, io?: ProcessIo) => ({
    pid,
    cpuSeconds,
    filesCreated,
    residentBytes,
    io,
  })
  const written = (writtenBytes: number, writeOperations = 0): ProcessIo => ({
    readBytes: 0,
    writtenBytes,
    readOperations: 0,
    writeOperations,
  })

  function tableOf() {
    const alive = new Map<number, ProcessIdentity>()
    const table = new ProcessTable({
      settings: { matchers: [], groupsMax: 9, groupExpiryMs: 1 },
      clock,
      startTicksOf: () => undefined,
      identify: (pid) => alive.get(pid),
    })
    return {
      pick: (...wanted: ReturnType<typeof process>[]) => {
        const samples = wanted.map(({ pid, cpuSeconds, residentBytes, io }): ProcessSample => {
          const known = {
            ppid: 1,
            comm: 'x',
            state: 'R',
            isKernelThread: false,
            systemSeconds: 0,
            threads: 1,
            virtualBytes: 0,
            startTimeSeconds: 0,
          }
          const details = { cmdline: ['x'] }
          return { ...known, pid, startTicks: pid, userSeconds: cpuSeconds, residentBytes, details, ...(io === undefined ? {} : { io }) }
        })
        table.apply({ samples, unreadable: NOTHING_UNREADABLE }, clock.nowMs())
        for (const { pid, filesCreated } of wanted) table.addFilesCreated(pid, filesCreated)
        return selectProcesses([...table.processes()], options).map(({ pid }) => pid)
      },
    }
  }

  test('chooses the busiest, whether by CPU, files or memory, in the very first selection that sees it', () => {
    const { pick } = tableOf()
    pick(process(1), process(2), process(3), process(4))
    expect(pick(process(1, 4), process(2, 0, 500), process(3), process(4, 0, 0, 10))).toEqual([1, 2])
  })

  test('chooses the first of all by activity, whatever the number', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 60 }), (cpuSeconds) => {
        const { pick } = tableOf()
        // The first pass gives the two lowest pids a bonus, so theirs stay out of this.
        const used = [0, 0, ...cpuSeconds]
        pick(...used.map((_, index) => process(index + 1)))
        const rows = used.map((seconds, index) => process(index + 1, seconds))
        const busiest = rows.toSorted((a, b) => b.cpuSeconds - a.cpuSeconds || a.pid - b.pid).slice(0, options.max)
        if (busiest.some(({ cpuSeconds: seconds }) => seconds === 0)) return
        expect(pick(...rows)).toEqual(busiest.map(({ pid }) => pid).toSorted((a, b) => a - b))
      }),
    )
  })

  test('one that pauses keeps its place for a while against idle ones', () => {
    const { pick } = tableOf()
    pick(process(1), process(2), process(3))
    pick(process(1), process(2, 5), process(3, 5))
    expect(pick(process(1, 0, 0, 50), process(2, 5), process(3, 5))).toEqual([2, 3])
  })

  test('a newcomer that is barely busier does not displace, one that is clearly busier does', () => {
    const { pick } = tableOf()
    pick(process(1, 0, 0, 100), process(2, 0, 0, 100), process(3, 0, 0, 50))
    expect(pick(process(1, 0, 0, 100), process(2, 0, 0, 100), process(3, 0, 0, 110))).toEqual([1, 2])
    expect(pick(process(1, 0, 0, 100), process(2, 0, 0, 100), process(3, 0, 0, 200))).toContain(3)
  })

  test('writers rank by bytes and by operations, between those that compute', () => {
    const { pick } = tableOf()
    const idle = written(0)
    pick(process(1), process(2, 0, 0, 0, idle), process(3, 0, 0, 0, idle), process(4))
    // 0.4 cores; 100 MB/s; 10,000 operations/s; 0.2 cores.
    expect(pick(process(1, 2), process(2, 0, 0, 0, written(5e8)), process(3, 0, 0, 0, written(0, 50_000)), process(4, 1))).toEqual([2, 3])
  })

  test('among many that are about equally busy by turns, the same ones keep their series', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.double({ min: 0.85, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 }), { minLength: 20 }),
        (rounds) => {
          const { pick } = tableOf()
          const spent = Array.from({ length: 12 }, () => 0)
          const step = (cores: readonly number[]): number[] => {
            for (const [index, used] of cores.entries()) spent[index] = (spent[index] ?? 0) + used * options.elapsedSeconds
            return pick(...spent.map((seconds, index) => process(index + 1, seconds)))
          }
          // All have been seen at their busiest: who has a series by then has as much reason to as any other.
          step(spent)
          const first = step(spent.map(() => 1))
          for (const cores of rounds.slice(0, 20)) expect(step(cores)).toEqual(first)
        },
      ),
      { numRuns: 20 },
    )
  })
})
