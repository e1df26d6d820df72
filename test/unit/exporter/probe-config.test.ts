import { describe, expect, test } from 'vitest'
import { exporterConfigSchema } from '../../../src/exporter/config.ts'
import { probeSettings } from '../../../src/exporter/probe-config.ts'
import { parseConfig } from '../../../src/lib/config-file.ts'

const parse = (text: string) => parseConfig(exporterConfigSchema, text, 'x.yml')
const faults = (text: string): string => {
  try {
    parse(text)
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
  return ''
}

describe('probes', () => {
  test('the least that can be said, and its defaults', () => {
    const [probe] = probeSettings(parse('probes: [{ name: web, url: "https://example.org/health" }]').probes)
    expect(probe).toEqual({
      name: 'web',
      url: 'https://example.org/health',
      method: 'GET',
      expectedStatuses: [],
      expectedBody: undefined,
      timeoutMs: 5000,
      intervalMs: 15_000,
    })
  })

  test('one status or several, and a pattern', () => {
    const text =
      'probes: [{ name: a, url: "http://a", expect: { status: 204 } }, { name: b, url: "http://b", expect: { status: [200, 401], body: "^o.k$" } }]'
    expect(probeSettings(parse(text).probes).map(({ expectedStatuses, expectedBody }) => [expectedStatuses, expectedBody])).toEqual([
      [[204], undefined],
      [[200, 401], /^o.k$/u],
    ])
  })

  test('faults are told, and never the URL', () => {
    const told = faults(`probes:
  - { name: a, url: 'ftp://me:hunter2@host/' }
  - { name: a, url: 'http//hunter2' }
  - { name: "a\\nb", url: 'http://x', method: DELETE, expect: { body: '(' } }
`)
    for (const path of ['probes.0.url', 'probes.1.url', 'probes.2.name', 'probes.2.method', 'probes.2.expect.body'])
      expect(told).toContain(path)
    expect(told).not.toContain('hunter2')
    expect(faults('probes: [{ name: a, url: "http://x" }, { name: a, url: "http://x" }]')).toContain('probes.1.name: the name a is taken')
  })
})

describe('services', () => {
  test('their matchers come before those of groups, under their own names', () => {
    const told = faults('services: [{ name: other, match: { exe: x } }, { name: s, match: {} }, { name: "{{exe}}", match: { exe: x } }]')
    for (const path of ['services.0.name', 'services.1.match', 'services.2.name']) expect(told).toContain(path)
  })
})
