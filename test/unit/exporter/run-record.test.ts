/** Tests of telling from /proc/PID/schedstat whether a process has run. */
import { expect, test } from 'vitest'
import { takeRunRecord, type RunRecord } from '../../../src/exporter/sources/run-record.ts'

function take(record: RunRecord, text: string): boolean {
  // What a longer read before has left in the buffer is not part of it.
  const bytes = Buffer.from(`${text}99 99 99\n`)
  return takeRunRecord(record, bytes, Buffer.byteLength(text))
}

test('a process has not run when its time and its timeslices are what they were', () => {
  const record: RunRecord = { ranNs: -1, timeslices: -1 }
  expect(take(record, '1200300 40 7\n')).toBe(false)
  expect(take(record, '1200300 40 7\n')).toBe(true)
  expect(take(record, '1200301 40 7\n')).toBe(false)
  expect(take(record, '1200301 40 8\n')).toBe(false)
  expect(take(record, '1200301 40 8\n')).toBe(true)
})

test('beyond 2^53 ns the timeslices still tell', () => {
  const record: RunRecord = { ranNs: -1, timeslices: -1 }
  expect(take(record, '9007199254740993 0 7\n')).toBe(false)
  expect(take(record, '9007199254740993 0 8\n')).toBe(false)
})

test.each(['0 0 0\n', '', '12', '12 34\n', 'no numbers here\n'])('%j never says that nothing has run', (text) => {
  const record: RunRecord = { ranNs: -1, timeslices: -1 }
  expect(take(record, text)).toBe(false)
  expect(take(record, text)).toBe(false)
})
