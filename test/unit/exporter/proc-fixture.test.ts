import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createProcessesCollector } from '../../../src/exporter/collectors/processes.ts'
import { Exposition } from '../../../src/exporter/exposition.ts'
import { createCategoryOf, createCategoryOfName } from '../../../src/exporter/group-category.ts'
import { ProcessTable } from '../../../src/exporter/process-table.ts'
import { ProcScanner } from '../../../src/exporter/sources/proc-scan.ts'
import { createUserNames, parsePasswd } from '../../../src/exporter/sources/user-names.ts'
import { loadCategories } from '../../../src/lib/groups/category-rules.ts'
import type { Procfs } from '../../../src/lib/linux/proc-process.ts'
import { FakeClock } from '../../support/clock.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))

function fixtureProcfs(clock: FakeClock): Procfs {
  return { root: path('fixtures/proc'), units: { clockTicksPerSecond: 100, pageSizeBytes: 4096 }, clock }
}

test('a scan of the fixture: what cannot be read is absent and counted, what is half gone is left out', () => {
  const scanner = new ProcScanner({ procfs: fixtureProcfs(new FakeClock()), descriptorsMax: 100 })
  const { samples, unreadable } = scanner.scan()
  scanner.close()
  expect(samples.map(({ pid }) => pid).toSorted((a, b) => a - b)).toEqual([1, 15, 420, 555, 600, 777])
  const byPid = new Map(samples.map((sample) => [sample.pid, sample]))
  expect(byPid.get(420)).toEqual({
    pid: 420,
    startTicks: 500_000,
    // Half way through the 10,000 s that the machine has been up.
    startTimeSeconds: Date.parse('2026-01-01T00:00:00Z') / 1000 - 5000,
    ppid: 1,
    comm: 'python3',
    state: 'R',
    isKernelThread: false,
    userSeconds: 900,
    systemSeconds: 12,
    minorFaults: 0,
    majorFaults: 0,
    children: { userSeconds: 0, systemSeconds: 0, minorFaults: 0, majorFaults: 0 },
    threads: 4,
    virtualBytes: 400_000_000,
    residentBytes: 245_760_000,
    openFds: 5,
    io: { readBytes: 10, writtenBytes: 3_000_000_000, readOperations: 77, writeOperations: 900_000 },
    details: {
      exe: '/usr/bin/python3.11',
      cmdline: ['/usr/bin/python3', '-u', '/opt/memory_daemon.py', '--interval', '5'],
      uid: 1000,
      unit: 'memory-daemon.service',
    },
    slow: { swapBytes: 2_097_152, voluntarySwitches: 150, involuntarySwitches: 7, openFdsMax: 20 },
  })
  expect(byPid.get(600)).not.toHaveProperty('io')
  expect(byPid.get(777)).not.toHaveProperty('openFds')
  expect(unreadable).toEqual({ io: 1, fd: 1, exe: 1, status: 0, limits: 3 })
})

test('a second scan tells no details again, with or without descriptors to keep open', () => {
  for (const descriptorsMax of [0, 1, 100]) {
    const scanner = new ProcScanner({ procfs: fixtureProcfs(new FakeClock()), descriptorsMax })
    const first = scanner.scan()
    const second = scanner.scan()
    scanner.close()
    expect(first.samples.every(({ details }) => details !== undefined)).toBe(true)
    expect(second.samples.some(({ details }) => details !== undefined)).toBe(false)
    expect(second.samples).toEqual(first.samples.map(({ details: _details, slow: _slow, ...rest }) => rest))
  }
})

test('the output for the fixture is the golden one (UPDATE_GOLDEN=1 writes it anew)', async () => {
  const clock = new FakeClock()
  const scanner = new ProcScanner({ procfs: fixtureProcfs(clock), descriptorsMax: 100 })
  const table = new ProcessTable({
    settings: { matchers: [], groupsMax: 100, groupExpiryMs: 1000 },
    clock,
    startTicksOf: (pid) => (pid === 420 ? 500_000 : undefined),
    identify: () => undefined,
  })
  table.setAttributesFiles(true)
  const passwd = `${temporaryDirectory()}/passwd`
  writeFileSync(passwd, 'root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n')
  const collector = createProcessesCollector({
    table,
    source: { scan: async () => scanner.scan(), close: async () => scanner.close() },
    clock,
    userNames: createUserNames(passwd),
    categoryOf: createCategoryOf(loadCategories(), () => ''),
    categoryOfName: createCategoryOfName(loadCategories()),
    perProcessMax: () => 5,
    memoryTotalBytes: 2 ** 30,
    drainFiles: async () => {
      table.addFilesCreated(420, table.lastScanMs === undefined ? 0 : 250)
      table.addFilesCreated(4242, 3)
    },
  })
  await collector.collect(new Exposition())
  clock.advance(5000)
  const out = new Exposition()
  await collector.collect(out)
  scanner.close()
  const golden = path('golden/exporter-processes.txt')
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, out.toString())
  expect(out.toString()).toBe(readFileSync(golden, 'utf8'))
  expect(collector.dropped()).toBe(2)
})

test('the first of several names of a user counts; broken lines are passed over', () => {
  expect([...parsePasswd('a:x:1:\nb:x:1:\n:x:2:\nnis+\nc:x:no:\nd:x:3:\n')]).toEqual([
    [1, 'a'],
    [3, 'd'],
  ])
})
