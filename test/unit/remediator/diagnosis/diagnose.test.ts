/** Tests each diagnosis on a curve that is that, and on one that nearly is. */
import { describe, expect, test } from 'vitest'
import { NO_HOST, bareCase, type WriterFacts } from '../../../../src/remediator/diagnosis/case.ts'
import { diagnose } from '../../../../src/remediator/diagnosis/diagnose.ts'
import { DIAGNOSES, Diagnosis } from '../../../../src/remediator/diagnosis/diagnosis.ts'
import { NOW, caseOf, counter, drawn, steady, type Drawing } from '../../../support/diagnosis-case.ts'

const MB = 1e6
const started = (ago: number) => steady(ago, NOW - ago)
const writer = (facts: Partial<WriterFacts>): WriterFacts => ({
  group: 'app.py',
  pid: 42,
  filesCreated: 400,
  filesDeleted: 0,
  filesExamined: 390,
  duplicateShare: 0.99,
  folders: ['/data'],
  windowSeconds: 300,
  ...facts,
})
const HOST = { ...NO_HOST, memoryAvailableBytes: 8e9, memoryTotalBytes: 16e9, processors: 4 }

interface Expected {
  readonly what: string
  readonly of: Drawing
  readonly name: (typeof DIAGNOSES)[number]
  readonly confidence?: readonly string[]
}

const SURE = ['medium', 'high']

const CASES: readonly Expected[] = [
  {
    what: 'a core used evenly for ten minutes without input or output',
    name: 'infinite_loop',
    of: {
      alert: 'InfiniteLoop',
      process: {
        cpu_seconds_total: counter(600, 0.98),
        read_operations_total: counter(600, 0.1),
        write_operations_total: counter(600, 0.2),
        resident_memory_bytes: steady(600, 50 * MB),
      },
    },
  },
  {
    what: 'not a compiler that reads and writes while it computes',
    name: 'unknown',
    of: {
      alert: 'CpuAboveBaseline',
      process: {
        cpu_seconds_total: counter(600, 0.98),
        read_operations_total: counter(600, 400),
        write_operations_total: counter(600, 80),
        resident_memory_bytes: steady(600, 50 * MB),
      },
    },
  },
  {
    what: 'not a job that computes for half a minute of every two',
    name: 'unknown',
    of: {
      alert: 'CpuSpike',
      process: {
        cpu_seconds_total: drawn(600, (since) => Math.floor(since / 120) * 30 + Math.min(30, since % 120)),
        read_operations_total: counter(600, 0),
        write_operations_total: counter(600, 0),
      },
    },
  },
  {
    what: 'files of one content from a program that does not grow',
    name: 'write_loop',
    of: {
      alert: 'ProcessFileCreationStorm',
      annotations: { current: '240' },
      process: { resident_memory_bytes: steady(20, 30 * MB), start_time_seconds: started(20) },
      more: { writer: writer({}) },
    },
  },
  {
    what: 'not an unpacker, whose files differ',
    name: 'file_flood',
    of: {
      alert: 'ProcessFileCreationStorm',
      annotations: { current: '2400' },
      process: { resident_memory_bytes: steady(20, 30 * MB), start_time_seconds: started(20) },
      more: { writer: writer({ filesCreated: 2400, duplicateShare: 0.08 }) },
    },
  },
  {
    what: 'memory that rises in a straight line',
    name: 'gradual_leak',
    of: {
      alert: 'MemoryLeakFast',
      process: {
        resident_memory_bytes: drawn(420, (since) => 60 * MB + since * MB + (since % 20) * 1e5),
        start_time_seconds: started(420),
      },
      more: { host: HOST },
    },
  },
  {
    what: 'not a cache that fills up and slows down',
    name: 'unknown',
    of: {
      alert: 'MemoryLeakSlow',
      process: {
        resident_memory_bytes: drawn(3600, (since) => 60 * MB + 400 * MB * (1 - Math.exp(-since / 400)), 15),
        start_time_seconds: started(9000),
      },
      more: { host: HOST },
    },
  },
  {
    what: 'not the saw of a garbage collector',
    name: 'unknown',
    of: {
      alert: 'MemoryAboveBaseline',
      process: { resident_memory_bytes: drawn(1800, (since) => 100 * MB + (since % 60) * MB), start_time_seconds: started(9000) },
      more: { host: HOST },
    },
  },
  {
    what: 'memory taken within a minute and kept',
    name: 'sudden_allocation',
    of: {
      alert: 'SuddenAllocation',
      annotations: { current: '700000000' },
      process: { resident_memory_bytes: drawn(300, (_since, ago) => (ago > 60 ? 50 * MB : 750 * MB)), start_time_seconds: started(300) },
      more: { host: HOST },
    },
  },
  {
    what: 'not one that takes as much little by little',
    name: 'gradual_leak',
    of: {
      alert: 'SuddenAllocation',
      annotations: { current: '700000000' },
      process: { resident_memory_bytes: drawn(600, (since) => 50 * MB + since * 1.2 * MB), start_time_seconds: started(600) },
      more: { host: HOST },
    },
  },
  {
    what: 'memory far above its normal, held by a program that sleeps',
    name: 'memory_not_released',
    of: {
      alert: 'MemoryNotReleased',
      process: { resident_memory_bytes: steady(3600, 900 * MB, 15), cpu_seconds_total: counter(3600, 0.001) },
      more: { known: new Map([['memory', 200 * MB]]), host: HOST },
    },
  },
  {
    what: 'not a database that works with what it holds',
    name: 'unknown',
    of: {
      alert: 'MemoryNotReleased',
      process: { resident_memory_bytes: steady(3600, 900 * MB, 15), cpu_seconds_total: counter(3600, 0.4) },
      more: { known: new Map([['memory', 200 * MB]]), host: HOST },
    },
  },
  {
    what: 'descriptors that rise and never fall',
    name: 'descriptor_leak',
    of: {
      alert: 'DescriptorLeak',
      process: { open_fds: drawn(1500, (since) => 20 + Math.floor(since)), fd_limit_ratio: drawn(1500, (since) => (20 + since) / 4096) },
    },
  },
  {
    what: 'not a pool that grows once and stays',
    name: 'unknown',
    of: { alert: 'DescriptorsAboveBaseline', process: { open_fds: drawn(1500, (since) => (since < 700 ? 20 : 400)) } },
  },
  {
    what: 'hundreds of threads of one process',
    name: 'thread_explosion',
    of: {
      alert: 'ThreadExplosion',
      process: { threads: drawn(300, (_since, ago) => (ago > 30 ? 11 : 311)) },
      program: { processes: steady(300, 1) },
    },
  },
  {
    what: 'not a server that adds a few threads',
    name: 'unknown',
    of: { alert: 'ThreadsAboveBaseline', process: { threads: drawn(300, (_since, ago) => (ago > 30 ? 60 : 130)) } },
  },
  {
    what: 'a brood that is seconds old',
    name: 'fork_bomb',
    of: {
      alert: 'ForkBomb',
      annotations: { current: '78' },
      process: { brood: drawn(10, (since) => since * 8), start_time_seconds: started(12) },
    },
  },
  {
    what: 'not a service manager that has had many for days',
    name: 'unknown',
    of: { alert: 'CpuSpike', process: { brood: steady(3600, 240, 15), start_time_seconds: steady(3600, NOW - 900_000, 15) } },
  },
  {
    what: 'a program that crashes each time',
    name: 'crash_loop',
    of: {
      alert: 'RapidCrashes',
      annotations: { current: '4' },
      labels: { group: 'app' },
      program: {
        'exits_total{signal}': drawn(60, (since) => Math.floor(since / 12)),
        'exits_total{success}': steady(60, 0),
        'exits_total{error}': steady(60, 0),
        crashes_total: drawn(60, (since) => Math.floor(since / 12)),
        starts_total: drawn(60, (since) => Math.floor(since / 12)),
      },
    },
  },
  {
    what: 'not a test runner of which a few of many runs fail',
    name: 'unknown',
    of: {
      alert: 'CpuSpike',
      labels: { group: 'test' },
      program: {
        'exits_total{error}': drawn(600, (since) => Math.floor(since / 150)),
        'exits_total{signal}': steady(600, 0),
        'exits_total{success}': drawn(600, (since) => Math.floor(since / 10)),
      },
    },
  },
  {
    what: 'a file written over and over with the disk busy',
    name: 'disk_thrash',
    of: {
      alert: 'WritesAboveBaseline',
      process: {
        write_operations_total: counter(600, 900),
        written_bytes_total: counter(600, 40 * MB),
        read_bytes_total: counter(600, 0),
        files_created_total: steady(600, 1),
      },
      more: {
        host: { ...HOST, ioWaiting: steady(600, 0.7), diskBusy: steady(600, 0.98), byWrites: [{ group: 'app.py', value: 40 * MB }] },
      },
    },
  },
  {
    what: 'not a program that writes to a socket',
    name: 'unknown',
    of: {
      alert: 'WritesAboveBaseline',
      process: { write_operations_total: counter(600, 900), written_bytes_total: counter(600, 0), read_bytes_total: counter(600, 0) },
    },
  },
  {
    what: 'a program in state D that does not compute',
    name: 'io_wait',
    of: {
      alert: 'RunningLongerThanUsual',
      process: { cpu_seconds_total: counter(600, 0.001) },
      program: { 'processes{blocked}': steady(600, 1), oldest_start_time_seconds: steady(600, NOW - 700) },
      more: { host: { ...HOST, ioWaiting: steady(600, 0.9) } },
    },
  },
  {
    what: 'not one that waits for storage now and then',
    name: 'unknown',
    of: {
      alert: 'DiskThrash',
      process: { cpu_seconds_total: counter(600, 0.4) },
      program: { 'processes{blocked}': drawn(600, (since) => (since % 50 === 0 ? 1 : 0)) },
    },
  },
  {
    what: 'children that nobody buries',
    name: 'zombie_parent',
    of: {
      alert: 'ZombieProcesses',
      annotations: { current: '20' },
      labels: { group: 'sleep' },
      program: { 'processes{zombie}': steady(400, 20) },
    },
  },
  {
    what: 'not a child that has just ended',
    name: 'unknown',
    of: {
      alert: 'CpuSpike',
      labels: { group: 'sleep' },
      program: { 'processes{zombie}': drawn(400, (_since, ago) => (ago < 10 ? 1 : 0)) },
    },
  },
  {
    what: 'a run far longer than those before',
    name: 'long_run',
    of: {
      alert: 'RunningLongerThanUsual',
      annotations: { current: '9' },
      program: { oldest_start_time_seconds: steady(600, NOW - 720), cpu_seconds_total: counter(600, 0) },
      more: { runs: { longestSeconds: 80, count: 5 } },
    },
  },
  {
    what: 'not a run as long as the longest before',
    name: 'unknown',
    of: {
      alert: 'CpuSpike',
      program: { oldest_start_time_seconds: steady(600, NOW - 700) },
      more: { runs: { longestSeconds: 690, count: 5 } },
    },
  },
  {
    what: 'an endpoint that waits while the machine computes as before',
    name: 'slow_dependency',
    of: {
      alert: 'ProbeLatencyUnusual',
      labels: { probe: 'web' },
      probe: { duration_seconds: drawn(1200, (_since, ago) => (ago > 100 ? 0.01 : 0.8), 15), up: steady(1200, 1, 15) },
      more: { group: undefined, pid: undefined, host: { ...HOST, cpu: steady(1200, 0.2, 15) } },
    },
  },
  {
    what: 'not an endpoint on a machine that has begun to compute',
    name: 'unknown',
    of: {
      alert: 'ProbeLatencyUnusual',
      labels: { probe: 'web' },
      probe: { duration_seconds: drawn(1200, (_since, ago) => (ago > 100 ? 0.01 : 0.8), 15), up: steady(1200, 1, 15) },
      more: { group: undefined, pid: undefined, host: { ...HOST, cpu: drawn(1200, (_since, ago) => (ago > 100 ? 0.1 : 0.99), 15) } },
    },
  },
  {
    what: 'a machine whose processors are taken by two programs',
    name: 'host_saturation',
    of: {
      alert: 'HostCpuHigh',
      labels: { instance: 'h' },
      more: {
        group: undefined,
        pid: undefined,
        host: {
          ...HOST,
          cpu: steady(600, 0.97),
          byCpu: [
            { group: 'ffmpeg', value: 2.8 },
            { group: 'cc1plus', value: 0.9 },
          ],
        },
      },
    },
  },
  {
    what: 'not a machine that is half idle',
    name: 'unknown',
    of: {
      alert: 'HostCpuHigh',
      labels: { instance: 'h' },
      more: { group: undefined, pid: undefined, host: { ...HOST, cpu: steady(600, 0.5) } },
    },
  },
]

describe('diagnoses', () => {
  test.each(CASES)('$name: $what', ({ of, name, confidence = name === 'unknown' ? ['low'] : SURE }) => {
    const found = diagnose(caseOf(of))
    expect(Diagnosis.parse(found)).toEqual(found)
    expect({ name: found.name, evidence: found.evidence }).toMatchObject({ name })
    expect(confidence).toContain(found.confidence)
    expect(found.explanation).toMatch(/\.$/)
    expect(found.explanation).not.toMatch(/undefined|NaN|Infinity/)
    for (const { text } of found.evidence) expect(text).not.toMatch(/undefined|NaN|Infinity|^$/)
  })

  test('there is a curve and a near miss for each but the last', () => {
    const names = new Set(CASES.map(({ name }) => name))
    expect(DIAGNOSES.filter((name) => !names.has(name))).toEqual([])
    expect(CASES.filter(({ what }) => what.startsWith('not ')).length).toBeGreaterThanOrEqual(DIAGNOSES.length - 3)
  })

  test('how long it takes until memory is exhausted is told', () => {
    const drawing = CASES.find(({ name }) => name === 'gradual_leak')
    const found = diagnose(caseOf(drawing?.of ?? { alert: '' }))
    // 8 GB at a megabyte a second.
    expect(found.explanation).toMatch(/60 MB a minute.*exhausted in 2\.2 h/)
  })

  test('the name of a program says nothing: the same curves under any name are the same diagnosis', () => {
    for (const group of ['cpu-spin.ts', 'memory-leak.ts', 'nginx', 'x'.repeat(64)]) {
      const [loop] = CASES
      const found = diagnose(caseOf({ ...(loop?.of ?? { alert: '' }), labels: { group, pid: '7' } }))
      expect(found.name).toBe('infinite_loop')
    }
  })

  test('without Prometheus it is what the alert says, with low confidence, and says so', () => {
    const facts = { name: 'MemoryLeakFast', severity: 'critical', labels: { group: 'a' }, annotations: {}, startedAtSeconds: NOW }
    const found = diagnose(bareCase(facts, NOW, 'Prometheus could not be asked (timeout).'))
    expect(found).toMatchObject({ name: 'gradual_leak', confidence: 'low', is_critical: false, source: 'alert' })
    expect(found.explanation).toContain('Prometheus could not be asked (timeout). This is from the alert alone.')
  })

  test('an alert that nothing is known of is unknown', () => {
    const found = diagnose(caseOf({ alert: 'QueueTooLong', annotations: { current: '900', threshold: '100', unit: 'messages' } }))
    expect(found).toMatchObject({ name: 'unknown', confidence: 'low', recommended_action: 'notify' })
    expect(found.explanation).toContain('900 messages')
  })

  test('hostile annotations are text', () => {
    const found = diagnose(
      caseOf({ alert: 'ForkBomb', annotations: { current: 'NaN; DROP TABLE' }, labels: { group: '"} or up{', pid: '-1' } }),
    )
    expect(found.name).toBe('unknown')
  })

  test('confidence is earned: what holds barely is not high', () => {
    const barely = diagnose(
      caseOf({
        alert: 'ThreadExplosion',
        process: { threads: drawn(300, (_since, ago) => (ago > 30 ? 50 : 155)) },
        program: { processes: steady(300, 1) },
      }),
    )
    expect(barely).toMatchObject({ name: 'thread_explosion', confidence: 'medium' })
  })
})
