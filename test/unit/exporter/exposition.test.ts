import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Exposition, type Family } from '../../../src/exporter/exposition.ts'

const FAMILY: Family = { name: 'x_total', type: 'counter', help: 'A\nb \\ c.', labels: ['a', 'b'] }
const BARE: Family = { name: 'y', type: 'gauge', help: 'Y.', labels: [] }

function write(...samples: ReadonlyArray<readonly [readonly string[], number]>): string {
  const out = new Exposition()
  out.family(FAMILY, samples)
  return out.toString()
}

describe('Exposition', () => {
  test('writes a family as one block with its help and type', () => {
    expect(write([['1', '2'], 3], [['', 'ü'], 0.5])).toBe(
      '# HELP x_total A\\nb \\\\ c.\n# TYPE x_total counter\nx_total{a="1",b="2"} 3\nx_total{a="",b="ü"} 0.5\n',
    )
  })

  test('a family without labels has no braces, one without samples is not there at all', () => {
    const out = new Exposition()
    out.family(BARE, [[[], 1]])
    out.family(FAMILY, [])
    expect(out.toString()).toBe('# HELP y Y.\n# TYPE y gauge\ny 1\n')
  })

  test('quotes, backslashes and newlines are escaped; a lone surrogate is replaced', () => {
    expect(write([['"a"\\\n', '\ud800'], 1])).toContain('x_total{a="\\"a\\"\\\\\\n",b="\ufffd"} 1\n')
  })

  test.each([
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [NaN, 'NaN'],
    [1e21, '1e+21'],
    [0.1 + 0.2, '0.30000000000000004'],
  ])('%d is written %s', (value, text) => {
    expect(write([['', ''], value])).toContain(`} ${text}\n`)
  })

  test('no label value can break out of its quotes or its line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const lines = write([[a, b], 1]).split('\n')
        expect(lines).toHaveLength(4)
        expect(lines[2]).toMatch(/^x_total\{a="(?:[^"\\]|\\["\\n])*",b="(?:[^"\\]|\\["\\n])*"\} 1$/su)
      }),
    )
  })

  test('a family written twice or with the wrong labels is a bug and says so', () => {
    const out = new Exposition()
    out.family(BARE, [[[], 1]])
    expect(() => out.family(BARE, [[[], 1]])).toThrow('y is written once')
    expect(() => out.family(FAMILY, [[['one'], 1]])).toThrow('it has 2 labels')
  })

  describe('histograms', () => {
    const SECONDS: Family = { name: 'z_seconds', type: 'histogram', help: 'Z.', labels: ['probe'] }
    const value = {
      buckets: [
        [0.5, 2],
        [1, 3],
      ],
      sum: 2.5,
      count: 4,
    } as const

    test('have cumulative buckets up to +Inf, a sum and a count', () => {
      const out = new Exposition()
      out.histogram(SECONDS, [[['a"b'], value]])
      expect(out.toString()).toBe(
        [
          '# HELP z_seconds Z.',
          '# TYPE z_seconds histogram',
          'z_seconds_bucket{probe="a\\"b",le="0.5"} 2',
          'z_seconds_bucket{probe="a\\"b",le="1.0"} 3',
          'z_seconds_bucket{probe="a\\"b",le="+Inf"} 4',
          'z_seconds_sum{probe="a\\"b"} 2.5',
          'z_seconds_count{probe="a\\"b"} 4',
          '',
        ].join('\n'),
      )
    })

    test('without labels have only le', () => {
      const out = new Exposition()
      out.histogram({ ...SECONDS, labels: [] }, [[[], { buckets: [], sum: 0, count: 0 }]])
      expect(out.toString()).toContain('z_seconds_bucket{le="+Inf"} 0\nz_seconds_sum 0\nz_seconds_count 0\n')
    })

    test('and other families are not taken for each other', () => {
      const out = new Exposition()
      expect(() => out.family(SECONDS, [])).toThrow('is a histogram')
      expect(() => out.histogram(BARE, [])).toThrow('y is a gauge')
    })
  })

  test('OpenMetrics names a counter without _total in its head and escapes quotes in HELP; the samples are the same', () => {
    const out = new Exposition()
    out.family({ ...FAMILY, help: 'Say "a\\b".' }, [[['1', '2'], 3]])
    out.family({ ...BARE, name: 'odd_total' }, [[[], 1]])
    expect(out.toString('openmetrics')).toBe(
      '# HELP x Say \\"a\\\\b\\".\n# TYPE x counter\nx_total{a="1",b="2"} 3\n# HELP odd_total Y.\n# TYPE odd_total gauge\nodd_total 1\n',
    )
    expect(out.toString('text')).toContain('# HELP x_total Say "a\\\\b".\n# TYPE x_total counter\n')
  })
})
