import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseStat } from '../../../../src/lib/linux/proc-stat.ts'

const fixture = (pid: number): Buffer => readFileSync(new URL(`../../../fixtures/proc/${pid}/stat`, import.meta.url))

describe('parseStat', () => {
  test('reads an ordinary process', () => {
    expect(parseStat(fixture(420))).toEqual({
      pid: 420,
      comm: 'python3',
      state: 'R',
      ppid: 1,
      minorFaults: 0,
      childMinorFaults: 0,
      majorFaults: 0,
      childMajorFaults: 0,
      userTicks: 90_000,
      systemTicks: 1200,
      childUserTicks: 0,
      childSystemTicks: 0,
      threads: 4,
      startTicks: 500_000,
      virtualBytes: 400_000_000,
      residentPages: 60_000,
      isKernelThread: false,
      stackStart: 140_721_000_000_000,
    })
  })

  test('tells the figures of a process from those of its children', () => {
    const line = `1 (x) S 0 1 1 0 -1 0 11 12 13 14 15 16 17 18 20 0 1 0 5 ${'0 '.repeat(30)}`
    expect(parseStat(Buffer.from(line))).toMatchObject({
      minorFaults: 11,
      childMinorFaults: 12,
      majorFaults: 13,
      childMajorFaults: 14,
      userTicks: 15,
      systemTicks: 16,
      childUserTicks: 17,
      childSystemTicks: 18,
      threads: 1,
      startTicks: 5,
    })
  })

  test('counts fields from the last parenthesis, whatever the name holds', () => {
    expect(parseStat(fixture(555))).toMatchObject({ comm: 'a) R 1 (b\nc \\', state: 'S', ppid: 420, userTicks: 1, startTicks: 600_000 })
  })

  test('shows bytes that are not UTF-8 instead of replacing them', () => {
    expect(parseStat(fixture(600))?.comm).toBe('caf\\xe9\\xff')
  })

  test('knows kernel threads and zombies', () => {
    expect(parseStat(fixture(15))).toMatchObject({ comm: 'kworker/0:1-events', isKernelThread: true, state: 'I' })
    expect(parseStat(fixture(777))).toMatchObject({ state: 'Z', isKernelThread: false })
  })

  test('reads no further than it is told: the rest of the buffer is an older answer', () => {
    const bytes = fixture(1)
    const reused = Buffer.concat([bytes, Buffer.from(' 99) Z 1 2 3')])
    expect(parseStat(reused, bytes.length)).toEqual(parseStat(bytes))
  })

  test.each(['', '1', '1 (x', '1 (x)', '1 (x) S', '1 (x) S 1 2 3', 'x (y) S 1', '1 (x) S one two three'])(
    '%j is not a stat line',
    (text) => {
      expect(parseStat(Buffer.from(text))).toBeUndefined()
    },
  )

  test('any name gives the same figures', () => {
    const [, rest = ''] = fixture(420).toString('latin1').split('(python3)')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 15 }), (name) => {
        const stat = parseStat(Buffer.concat([Buffer.from('420 ('), name, Buffer.from(`)${rest}`, 'latin1')]))
        expect(stat).toMatchObject({ pid: 420, ppid: 1, userTicks: 90_000, startTicks: 500_000 })
      }),
    )
  })
})
