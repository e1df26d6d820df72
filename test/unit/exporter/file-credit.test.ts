import { beforeEach, describe, expect, test } from 'vitest'
import { FileCredit, type KnownLife } from '../../../src/exporter/file-credit.ts'
import { FakeClock } from '../../support/clock.ts'

describe('FileCredit', () => {
  let clock: FakeClock
  let lives: Map<number, KnownLife>
  let credit: FileCredit
  const born = (pid: number, parentPid: number, more: Partial<KnownLife> = {}): void => {
    lives.set(pid, { parentPid, bornMs: clock.nowMs(), endedMs: clock.nowMs(), execs: 1, group: 'tool', ...more })
  }
  const LOOP = 100

  beforeEach(() => {
    clock = new FakeClock()
    lives = new Map([[LOOP, { parentPid: 50, bornMs: clock.nowMs() - 60_000, endedMs: undefined, execs: 1, group: 'loop.sh' }]])
    credit = new FileCredit({ clock, lifeOf: (pid) => lives.get(pid) })
  })

  test('a process nothing is known of is credited itself', () => {
    expect(credit.creditorOf(7, 1)).toBe(7)
    expect(credit.creditorOf(LOOP, 1)).toBe(LOOP)
  })

  test('what a fork of a program or a utility makes is the doing of its parent, from the first file on', () => {
    born(101, LOOP, { execs: 0, group: 'loop.sh' })
    born(102, LOOP, { group: 'cp' })
    expect([101, 102].map((pid) => credit.creditorOf(pid, 1))).toEqual([LOOP, LOOP])
  })

  test('any other program is credited itself, until its parent has started several that make few files each', () => {
    const creditors = Array.from({ length: 8 }, (_, index) => {
      born(200 + index, LOOP, { group: 'convert' })
      return credit.creditorOf(200 + index, 1)
    })
    expect(creditors.slice(0, 4)).toEqual([200, 201, 202, 203])
    expect(creditors.slice(4)).toEqual([LOOP, LOOP, LOOP, LOOP])
  })

  test('a helper whose files are read in several parts counts once', () => {
    born(201, LOOP)
    expect(Array.from({ length: 8 }, () => credit.creditorOf(201, 1))).toEqual(Array(8).fill(201))
  })

  test('helpers of long ago do not count', () => {
    for (let pid = 200; pid < 204; pid++) {
      born(pid, LOOP)
      credit.creditorOf(pid, 1)
    }
    clock.advance(120_000)
    born(300, LOOP)
    expect(credit.creditorOf(300, 1)).toBe(300)
  })

  test('whoever makes many files is no helper, however short its life: an unpacked archive is the doing of tar', () => {
    born(101, LOOP, { group: 'cp' })
    expect(credit.creditorOf(101, 17)).toBe(101)
    born(102, LOOP, { group: 'cp' })
    expect([10, 10, 10].map((count) => credit.creditorOf(102, count))).toEqual([LOOP, 102, 102])
  })

  test('a process that has lived for a while does its work itself', () => {
    born(101, LOOP, { execs: 0, endedMs: undefined })
    clock.advance(6_000)
    expect(credit.creditorOf(101, 1)).toBe(101)
  })

  test('helpers of helpers lead to the loop', () => {
    const creditors = Array.from({ length: 8 }, (_, index) => {
      born(200 + index, LOOP, { group: 'sh' })
      born(300 + index, 200 + index, { group: 'touch' })
      return credit.creditorOf(300 + index, 1)
    })
    expect(creditors.slice(0, 4)).toEqual([200, 201, 202, 203])
    expect(creditors.slice(4)).toEqual([LOOP, LOOP, LOOP, LOOP])
  })

  test('whoever outlives its parent is its own master, and nothing is the doing of pid 1', () => {
    born(101, LOOP, { endedMs: undefined, execs: 0 })
    lives.set(LOOP, { parentPid: 50, bornMs: 0, endedMs: clock.nowMs(), execs: 1, group: 'loop.sh' })
    expect(credit.creditorOf(101, 1)).toBe(101)
    born(102, 1, { execs: 0 })
    expect(credit.creditorOf(102, 1)).toBe(102)
  })

  test('lives that name each other as parents end somewhere', () => {
    born(101, 102, { execs: 0 })
    born(102, 101, { execs: 0 })
    expect([101, 102]).toContain(credit.creditorOf(101, 1))
  })
})
