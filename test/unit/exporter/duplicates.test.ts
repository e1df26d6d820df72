import { setImmediate as nextTurn } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { Duplicates, type DuplicatesSettings, type FileReader } from '../../../src/exporter/duplicates.ts'
import { FakeClock } from '../../support/clock.ts'
import type { Place } from '../../../src/exporter/sources/file-source.ts'

/** Files in memory, and how many bytes of them were read. */
class FakeFiles implements FileReader {
  readonly files = new Map<string, { readonly content: string; readonly id: string }>()
  readBytes = 0

  async look(path: string | Buffer): ReturnType<FileReader['look']> {
    const file = this.files.get(String(path))
    return file && { sizeBytes: file.content.length, id: file.id }
  }

  async hash(path: string | Buffer): Promise<string | undefined> {
    const content = this.files.get(String(path))?.content
    this.readBytes += content?.length ?? 0
    return content
  }
}

describe('Duplicates', () => {
  const place: Place = { isIgnored: false, ignoredNames: [], ignores: () => false }
  const settings: DuplicatesSettings = { enabled: true, filesPerSecond: 100, bytesPerSecond: 1000, fileBytesMax: 5000 }
  let files: FakeFiles
  let seen: Array<[name: string, isDuplicate: boolean]>
  let isBusy: boolean
  let ticks: Array<{ leftMs: number; readonly end: () => void }>
  let duplicates: Duplicates<Place>
  const create = (more: Partial<DuplicatesSettings> = {}): void => {
    duplicates = new Duplicates({
      settings: { ...settings, ...more },
      reader: files,
      clock: new FakeClock(),
      sleep: (ms) => new Promise<void>((resolve) => ticks.push({ leftMs: ms, end: resolve })),
      examined: (file, _sizeBytes, isDuplicate) => seen.push([file.name.toString(), isDuplicate]),
      isBusy: () => isBusy,
    })
  }
  /** Ten ticks of a tenth of a second. */
  const aSecond = async (): Promise<void> => {
    for (let tick = 0; tick < 10; tick++) {
      for (const sleep of ticks) sleep.leftMs -= 100
      for (const { end } of ticks.filter(({ leftMs }) => leftMs <= 0)) end()
      ticks = ticks.filter(({ leftMs }) => leftMs > 0)
      for (let turn = 0; turn < 5; turn++) await nextTurn()
    }
  }
  const offer = (name: string, content: string, id = name): void => {
    files.files.set(`/d/${name}`, { content, id })
    if (duplicates.wants(place)) duplicates.offer({ place, directory: '/d', name: Buffer.from(name), pid: 1 })
  }

  beforeEach(() => {
    files = new FakeFiles()
    ticks = []
    seen = []
    isBusy = false
    create()
  })

  test('a file of a size of its own is never read', async () => {
    offer('a', '1')
    offer('b', '22')
    await aSecond()
    expect(seen).toEqual([
      ['a', false],
      ['b', false],
    ])
    expect(files.readBytes).toBe(0)
  })

  test('of files of one size the content decides, also that of the first', async () => {
    for (const [name, content] of [
      ['a', 'same'],
      ['b', 'else'],
      ['c', 'same'],
      ['d', 'same'],
    ] as const)
      offer(name, content)
    await aSecond()
    expect(seen.map(([, isDuplicate]) => isDuplicate)).toEqual([false, false, true, true])
    expect(duplicates.largest()).toMatchObject({ copies: 3, sizeBytes: 4, examples: ['/d/a', '/d/c', '/d/d'] })
  })

  test('empty files are copies of each other', async () => {
    offer('a', '')
    offer('b', '')
    await aSecond()
    expect(seen.map(([, isDuplicate]) => isDuplicate)).toEqual([false, true])
  })

  test('one file by two names is no copy', async () => {
    offer('a', 'same', 'inode')
    offer('b', 'same', 'inode')
    offer('c', 'same')
    await aSecond()
    expect(seen.map(([, isDuplicate]) => isDuplicate)).toEqual([false, false, true])
  })

  test('what is gone by then is not examined', async () => {
    offer('a', 'same')
    files.files.clear()
    await aSecond()
    expect(seen).toEqual([])
    expect(duplicates.waiting).toBe(0)
  })

  test('no more files in a second than the budget has, and a fiftieth while events keep coming', async () => {
    for (let index = 0; index < 300; index++) offer(`f${index}`, '')
    await aSecond()
    expect(seen.length).toBeGreaterThan(80)
    expect(seen.length).toBeLessThanOrEqual(100)
    isBusy = true
    const before = seen.length
    await aSecond()
    await aSecond()
    expect(seen.length - before).toBeLessThanOrEqual(30)
    expect(seen.length - before).toBeGreaterThan(0)
  })

  test('no more bytes than the budget has: files beyond it are told as not examined', async () => {
    for (let index = 0; index < 50; index++) offer(`f${index}`, 'x'.repeat(500))
    await aSecond()
    expect(files.readBytes).toBeLessThanOrEqual(3500)
    expect(duplicates.skipped).toBe(50 - seen.length)
  })

  test('too large a file is told as not examined', async () => {
    offer('a', 'x'.repeat(6000))
    offer('b', 'x'.repeat(6000))
    await aSecond()
    expect([seen.length, duplicates.skipped, files.readBytes]).toEqual([0, 2, 0])
  })

  test('what waits is bounded, by place and in all', () => {
    for (let index = 0; index < 5000; index++) offer(`f${index}`, '')
    expect([duplicates.waiting, duplicates.skipped]).toEqual([3072, 5000 - 3072])
  })

  test('switched off, it wants nothing and skips nothing', () => {
    create({ enabled: false })
    offer('a', 'x')
    expect([duplicates.waiting, duplicates.skipped]).toEqual([0, 0])
  })
})
