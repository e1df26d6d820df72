import { beforeEach, describe, expect, test } from 'vitest'
import { RecentFiles } from '../../../src/exporter/recent-files.ts'
import { newTally } from '../../../src/exporter/sources/file-source.ts'
import { FakeClock } from '../../support/clock.ts'

describe('RecentFiles', () => {
  let clock: FakeClock
  let recent: RecentFiles
  const writer = { pid: 7, group: 'writer' }

  beforeEach(() => {
    clock = new FakeClock()
    recent = new RecentFiles(clock)
  })

  test('adds up by folder and writer', () => {
    recent.add('/a', writer, { ...newTally(), created: 3, deleted: 1, example: 'one' })
    recent.add('/a', writer, { ...newTally(), created: 2, moved: 4, ignored: 5 })
    recent.add('/a', undefined, { ...newTally(), created: 1 })
    recent.addExamined('/a', writer, 100, true)
    const entries = recent.entries()
    expect(entries).toHaveLength(2)
    expect(entries.find((entry) => entry.writer !== undefined)).toMatchObject({
      directory: '/a',
      writer,
      figures: { created: 5, deleted: 1, moved: 4, ignored: 5, examined: 1, examinedBytes: 100, duplicates: 1 },
      examples: ['one'],
    })
  })

  test('what is older than five minutes is gone, and what is younger is not', () => {
    recent.add('/a', writer, { ...newTally(), created: 10 })
    clock.advance(200_000)
    recent.add('/a', writer, { ...newTally(), created: 1 })
    expect(recent.entries()[0]?.figures.created).toBe(11)
    clock.advance(120_000)
    expect(recent.entries()[0]?.figures.created).toBe(1)
    clock.advance(400_000)
    expect(recent.entries()).toEqual([])
  })

  test('the span is that of what is in the window, and never below a second', () => {
    recent.add('/a', writer, { ...newTally(), created: 1 })
    expect(recent.entries()[0]?.spanSeconds).toBe(1)
    clock.advance(50_000)
    recent.add('/a', writer, { ...newTally(), created: 1 })
    expect(recent.entries()[0]?.spanSeconds).toBe(50)
  })

  test('a clock set back loses nothing and throws nothing', () => {
    recent.add('/a', writer, { ...newTally(), created: 1 })
    clock.advance(-100_000)
    recent.add('/a', writer, { ...newTally(), created: 1 })
    expect(recent.entries()[0]?.figures.created).toBe(2)
  })

  test('beyond the cap the one that has been quiet longest goes', () => {
    for (let pid = 1; pid <= 1200; pid++) recent.add('/a', { pid, group: 'g' }, { ...newTally(), created: 1 })
    const pids = recent.entries().map((entry) => entry.writer?.pid)
    expect(pids).toHaveLength(1000)
    expect(pids).toContain(1200)
    expect(pids).not.toContain(1)
  })
})
