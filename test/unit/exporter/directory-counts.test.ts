import { beforeEach, describe, expect, test } from 'vitest'
import { DirectoryCounts, type CountedRoot } from '../../../src/exporter/directory-counts.ts'
import { FakeClock } from '../../support/clock.ts'

const root = (path: string, more: Partial<CountedRoot> = {}): CountedRoot => ({ path, realPath: path, depth: 2, ignore: [], ...more })

describe('DirectoryCounts', () => {
  let clock: FakeClock
  let counts: DirectoryCounts
  const configure = (roots: CountedRoot[], more: { exclude?: string[]; directoriesMax?: number } = {}): void =>
    counts.configure({ roots, exclude: [], directoriesMax: 500, ...more })
  const create = (directory: string, count = 1, group?: string): void => {
    const place = counts.locate(directory)
    if (place) counts.add(place, { created: count, deleted: 0, moved: 0, ignored: 0 }, group)
  }
  const table = (): Record<string, number> => Object.fromEntries([...counts.series()].map((series) => [series.label, series.count]))

  beforeEach(() => {
    clock = new FakeClock()
    counts = new DirectoryCounts(clock)
  })

  test('roots are there at 0, sub-folders when something is created in them', () => {
    configure([root('/a'), root('/b')])
    expect(table()).toEqual({ '/a': 0, '/b': 0 })
    create('/a/x')
    expect(table()).toEqual({ '/a': 0, '/b': 0, '/a/x': 1 })
  })

  test('what lies deeper than the depth counts to its ancestor there', () => {
    configure([root('/a', { depth: 1 }), root('/flat', { depth: 0 })])
    create('/a')
    create('/a/x', 2)
    create('/a/x/y/z', 3)
    create('/flat/x/y', 4)
    expect(table()).toEqual({ '/a': 1, '/a/x': 5, '/flat': 4 })
  })

  test('what is outside does not count, however alike its name', () => {
    configure([root('/a/b')])
    for (const outside of ['/', '/a', '/a/bc', '/a/b.old/x', '/c']) expect(counts.locate(outside)).toBeUndefined()
  })

  test('of nested roots the inner one decides', () => {
    configure([root('/a', { depth: 0 }), root('/a/b/c', { depth: 1 })])
    create('/a/b')
    create('/a/b/c/d', 2)
    expect(table()).toEqual({ '/a': 1, '/a/b/c': 0, '/a/b/c/d': 2 })
  })

  test('the whole machine can be watched', () => {
    configure([root('/', { depth: 1 })])
    create('/')
    create('/etc/x', 2)
    expect(table()).toEqual({ '/': 1, '/etc': 2 })
  })

  test('labels show the path as configured, not what its links resolve to', () => {
    configure([root('/link', { realPath: '/mnt/disk7' })])
    create('/mnt/disk7/x')
    expect(table()).toEqual({ '/link': 0, '/link/x': 1 })
    expect(counts.locate('/link/x')).toBeUndefined()
  })

  test('ignored names do not count at any level, files included; excluded folders neither', () => {
    configure([root('/a', { ignore: ['node_modules', '*.tmp', 'c?che'] })], { exclude: ['/a/state'] })
    for (const ignored of ['/a/node_modules', '/a/x/node_modules/y', '/a/z.tmp/x', '/a/cache', '/a/state', '/a/state/x'])
      expect(counts.locate(ignored)?.isIgnored ?? true).toBe(true)
    const place = counts.locate('/a/x')
    expect(['node_modules', 'q.tmp', 'cache'].map((name) => place?.ignores(name))).toEqual([true, true, true])
    expect(['node_modules2', 'q.tmp~', 'caache', 'a\n.tmpx'].map((name) => place?.ignores(name))).toEqual([false, false, false, false])
    expect(counts.locate('/a/stateful')).toBeDefined()
  })

  test('a pattern is no regular expression', () => {
    configure([root('/a', { ignore: ['(a+)+*', '[x]*'] })])
    const place = counts.locate('/a')
    expect(['(a+)+b', '[x]y', 'aaaa', 'x'].map((name) => place?.ignores(name))).toEqual([true, true, false, false])
  })

  test('folders beyond the cap share "other", roots are never among them', () => {
    configure([root('/a'), root('/b')], { directoriesMax: 3 })
    for (const name of ['1', '2', '3']) create(`/a/${name}`)
    expect(table()).toEqual({ '/a': 0, '/b': 0, '/a/1': 1, other: 2 })
    expect(counts.folded).toBe(2)
    configure([root('/a'), root('/b'), root('/c')], { directoriesMax: 3 })
    expect(table()).toMatchObject({ '/c': 0, '/a/1': 1, other: 2 })
  })

  test('beyond the cap the busiest folders have series: a busier one takes that of the quietest, and begins at its own files', () => {
    configure([root('/a')], { directoriesMax: 3 })
    create('/a/quiet', 5)
    create('/a/loud', 100)
    const busy = counts.locate('/a/busy')
    const add = (created: number): void => {
      if (busy) counts.add(busy, { created, deleted: 0, moved: 0, ignored: 0 })
    }
    add(5)
    expect(table()).toEqual({ '/a': 0, '/a/quiet': 5, '/a/loud': 100, other: 5 })
    clock.advance(2000)
    add(30)
    expect(table()).toEqual({ '/a': 0, '/a/loud': 100, other: 5, '/a/busy': 30 })
    // What has lost its series goes on among the others.
    create('/a/quiet', 2)
    expect(table()).toMatchObject({ other: 7, '/a/busy': 30 })
    clock.advance(2000)
    add(1)
    expect(table()).toMatchObject({ '/a/busy': 31 })
  })

  test('a folder in which nothing was created, moved or deleted has no series', () => {
    configure([root('/a')])
    counts.locate('/a/x')
    expect(table()).toEqual({ '/a': 0 })
  })

  test('what is ignored is told of the folder that holds it', () => {
    configure([root('/a', { ignore: ['cache'] })])
    const place = counts.locate('/a/x/cache/deep')
    if (place) counts.add(place, { created: 0, deleted: 0, moved: 0, ignored: 3 })
    expect([...counts.series()].map(({ label, ignored, count }) => [label, ignored, count])).toEqual([
      ['/a', 0, 0],
      ['/a/x', 3, 0],
    ])
  })

  test('new roots keep the counts of folders still watched', () => {
    configure([root('/a'), root('/b')])
    create('/a/x', 5)
    create('/b', 7)
    configure([root('/a')])
    expect(table()).toEqual({ '/a': 0, '/a/x': 5 })
  })

  test('a quiet sub-folder is dropped only once it is gone, a root never', () => {
    configure([root('/a')])
    create('/a/gone')
    create('/a/here')
    clock.advance(1000)
    create('/a/busy')
    counts.expire(clock.nowMs(), (path) => path === '/a/here')
    expect(table()).toEqual({ '/a': 0, '/a/here': 1, '/a/busy': 1 })
  })

  test('remembers who wrote, within bounds', () => {
    configure([root('/a')])
    for (let index = 0; index < 100; index++) create('/a', 1, `g${index}`)
    create('/a', 5, 'g0')
    const [series] = counts.series()
    expect(series?.writers.size).toBe(20)
    expect(series?.writers.get('g0')).toBe(6)
    expect(series?.count).toBe(105)
  })
})
