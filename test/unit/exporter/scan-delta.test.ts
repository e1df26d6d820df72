/** Tests of scans told as differences: whatever happens to processes, the receiver ends up with the scanner's samples. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ProcessSample, ProcessScan } from '../../../src/exporter/sources/process-source.ts'
import { ScanDeltaReader, ScanDeltaWriter } from '../../../src/exporter/sources/scan-delta.ts'

const unreadable: ProcessScan['unreadable'] = { io: 0, fd: 0, exe: 0, status: 0, limits: 0 }

function sampleOf(pid: number): ProcessSample {
  return {
    pid,
    startTicks: pid,
    startTimeSeconds: 0,
    ppid: 1,
    comm: 'program',
    state: 'S',
    isKernelThread: false,
    virtualBytes: 0,
    residentBytes: 0,
  }
}

test('the receiver has the same processes as the scanner, scan after scan', () => {
  const change = fc.record({ pid: fc.integer({ min: 1, max: 20 }), what: fc.constantFrom('run', 'end') })
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 8 }), { maxLength: 20 }), (scans) => {
      const writer = new ScanDeltaWriter()
      const reader = new ScanDeltaReader()
      const truth = new Map<number, ProcessSample>()
      for (const changes of scans) {
        for (const { pid, what } of changes) {
          if (what === 'run') truth.set(pid, sampleOf(pid))
          else truth.delete(pid)
        }
        const { samples } = reader.read(writer.write({ samples: [...truth.values()], unreadable }))
        expect(samples.toSorted((a, b) => a.pid - b.pid)).toEqual([...truth.values()].toSorted((a, b) => a.pid - b.pid))
      }
    }),
  )
})

test('a process that is the same object is not told again', () => {
  const writer = new ScanDeltaWriter()
  const [one, two] = [sampleOf(1), sampleOf(2)]
  expect(writer.write({ samples: [one, two], unreadable }).changed).toEqual([one, two])
  const changed = sampleOf(2)
  expect(writer.write({ samples: [one, changed], unreadable })).toEqual({ changed: [changed], endedPids: [], unreadable })
  expect(writer.write({ samples: [changed], unreadable })).toEqual({ changed: [], endedPids: [1], unreadable })
})
