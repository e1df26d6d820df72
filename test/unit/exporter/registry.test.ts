import { describe, expect, test } from 'vitest'
import type { Collector } from '../../../src/exporter/collector.ts'
import type { ExpositionFormat, Family } from '../../../src/exporter/exposition.ts'
import { createRegistry, type Registry } from '../../../src/exporter/registry.ts'
import { ByteWriter } from '../../../src/lib/byte-writer.ts'
import { keptLog } from '../../support/log.ts'

const family = (name: string): Family => ({ name, type: 'gauge', help: 'H.', labels: [] })

function counting(name: string, answer: (run: number) => Promise<number> | number): Collector & { runs: number } {
  const collector = {
    name,
    runs: 0,
    collect: async (out: Parameters<Collector['collect']>[0]) => {
      collector.runs++
      out.family(family(name), [[[], await answer(collector.runs)]])
    },
  }
  return collector
}

/** As the route gives it to a client. */
const inText = (registry: Registry) => ({
  collectorNames: registry.collectorNames,
  scrape: async (format?: ExpositionFormat, only?: ReadonlySet<string>): Promise<string> => {
    const out = new ByteWriter()
    await registry.scrape(out, format, only)
    return Buffer.from(out.view()).toString()
  },
})

const registryOf = (collectors: Collector[], deadlineMs = 10_000, log = keptLog()) =>
  inText(createRegistry({ collectors, deadlineMs: () => deadlineMs, log }))

describe('the registry', () => {
  test('says of each collector how it did', async () => {
    const text = await registryOf([counting('a', () => 1), counting('b', () => 2)]).scrape()
    expect(text).toContain('\na 1\n')
    expect(text).toContain('\nb 2\n')
    expect(text).toContain('procwarden_collector_success{collector="a"} 1\n')
    expect(text).toMatch(/procwarden_collector_duration_seconds\{collector="b"\} [\d.e-]+\n/)
  })

  test('a failing collector takes no other with it, and its last good result is served', async () => {
    const log = keptLog()
    const broken = counting('broken', (run) => {
      if (run === 2 || run === 3) throw new Error('disk on fire')
      return run
    })
    const registry = registryOf([broken, counting('sound', (run) => run)], 10_000, log)
    await registry.scrape()
    const second = await registry.scrape()
    expect(second).toContain('\nbroken 1\n')
    expect(second).toContain('\nsound 2\n')
    expect(second).toContain('procwarden_collector_success{collector="broken"} 0\n')
    expect(second).toContain('procwarden_collector_success{collector="sound"} 1\n')
    await registry.scrape()
    expect(await registry.scrape()).toContain('procwarden_collector_success{collector="broken"} 1\n')
    // The same fault twice is one line, the recovery another.
    expect(log.lines.map(({ level }) => level)).toEqual(['error', 'info'])
    expect(log.lines[0]?.message).toContain('disk on fire')
  })

  test('a collector that never had a good result leaves its families out', async () => {
    const text = await registryOf([
      counting('broken', () => {
        throw new Error('no')
      }),
    ]).scrape()
    expect(text).not.toContain('\nbroken ')
    expect(text).toContain('procwarden_collector_success{collector="broken"} 0\n')
  })

  test('one that hangs is left behind at the deadline, not started again beside itself, and taken when it is done', async () => {
    const hang = Promise.withResolvers<number>()
    const slow = counting('slow', (run) => (run === 1 ? 7 : run === 2 ? hang.promise : 9))
    const registry = registryOf([slow], 50)
    await registry.scrape()
    const late = await registry.scrape()
    expect(late).toContain('\nslow 7\n')
    expect(late).toContain('success{collector="slow"} 0\n')
    const waiting = registry.scrape()
    hang.resolve(8)
    expect(await waiting).toContain('\nslow 8\n')
    expect(slow.runs).toBe(2)
  })

  test('a second scrape shares the one under way, a third after it does not', async () => {
    const gate = Promise.withResolvers<number>()
    const collector = counting('a', () => gate.promise)
    const registry = registryOf([collector])
    const both = Promise.all([registry.scrape(), registry.scrape()])
    gate.resolve(1)
    const [first, second] = await both
    expect(second).toBe(first)
    expect(collector.runs).toBe(1)
    await registry.scrape()
    expect(collector.runs).toBe(2)
  })

  test('of a chosen few only those run and are told of', async () => {
    const [a, b] = [counting('a', () => 1), counting('b', () => 2)]
    const registry = registryOf([a, b])
    expect(registry.collectorNames).toEqual(['a', 'b'])
    const text = await registry.scrape('text', new Set(['b']))
    expect(text).toContain('\nb 2\n')
    expect(text).not.toMatch(/^a |"a"/m)
    expect([a.runs, b.runs]).toEqual([0, 1])
  })

  test('scrapes of different collectors at the same time run a common one once, and do not wait for the others', async () => {
    const gate = Promise.withResolvers<number>()
    const [a, b] = [counting('a', (run) => run), counting('b', () => gate.promise)]
    const registry = registryOf([a, b])
    const all = registry.scrape()
    expect(await registry.scrape('text', new Set(['a']))).toContain('\na 1\n')
    gate.resolve(1)
    expect(await all).toContain('\na 1\n')
    expect(a.runs).toBe(1)
  })

  test('one scrape is written in the format of each who shares it', async () => {
    const total: Family = { name: 'c_total', type: 'counter', help: 'C.', labels: [] }
    const registry = registryOf([{ name: 'c', collect: async (out) => out.family(total, [[[], 1]]) }])
    const [text, open] = await Promise.all([registry.scrape('text'), registry.scrape('openmetrics')])
    expect(text).toContain('# TYPE c_total counter\nc_total 1\n')
    expect(open).toContain('# TYPE c counter\nc_total 1\n')
  })
})
