import { describe, expect, test } from 'vitest'
import { durationSeconds, selectorsOf, withMatcher } from '../../../src/rules/selectors.ts'
import { findRuleFiles, readRules, SHIPPED_RULES_DIR } from '../../../src/rules/rule-files.ts'

const metrics = (expr: string) => selectorsOf(expr).map(({ metric }) => metric)

describe('selectors of an expression', () => {
  test.each([
    ['up', ['up']],
    ['sum by (job, up) (rate(a:b_total{x="y{}()"}[5m]))', ['a:b_total']],
    ['sum(rate(a[5m])) without (b) > bool on (c) group_left (d, e) f', ['a', 'f']],
    ['topk(3, a) or vector(1) unless ignoring (x) b and c', ['a', 'b', 'c']],
    ['{__name__="x"} * 2e3 + Inf - NaN', ['']],
    ['a offset 5m @ end() > 0 # b is a comment\n or c', ['a', 'c']],
    ["a{x='it is \\'b\\''} == 1", ['a']],
    ['time() - minute() == 0', []],
    ['sum', ['sum']],
  ])('%s', (expr, expected) => {
    expect(metrics(expr)).toEqual(expected)
  })

  test('matchers are read with their escapes', () => {
    expect(selectorsOf('a{x="q\\"\\\\n",y!~"b|c",z=~`d+`}')[0]?.matchers).toEqual([
      { label: 'x', op: '=', value: String.raw`q"\n` },
      { label: 'y', op: '!~', value: 'b|c' },
      { label: 'z', op: '=~', value: 'd+' },
    ])
  })

  test.each([
    ['a', 0],
    ['rate(a[5m] offset 1h)', 3900],
    ['max_over_time(rate(a[5m])[1d:5m] offset 15m)', 86_400 + 300 + 900],
    ['a offset -5m', 0],
    ['a[1d12h]', 129_600],
  ])('%s reaches back %d seconds', (expr, seconds) => {
    expect(selectorsOf(expr)[0]?.lookbackSeconds).toBe(seconds)
  })

  test('a matcher is put into every selector and nowhere else', () => {
    expect(withMatcher('sum by (g) (rate(a_total[5m])) / b{} > c{x="y"} or {__name__="d"}', 'g=~"x"')).toBe(
      'sum by (g) (rate(a_total{g=~"x"}[5m])) / b{g=~"x"} > c{g=~"x",x="y"} or {g=~"x",__name__="d"}',
    )
  })

  test('the shipped rules ask for metrics, none of them a word of the language', () => {
    const rules = readRules(findRuleFiles([SHIPPED_RULES_DIR]))
    const asked = new Set(rules.flatMap(({ expr }) => metrics(expr)))
    expect([...asked].filter((metric) => !/^(procwarden|up$|$)/.test(metric))).toEqual([])
    expect(asked.size).toBeGreaterThan(30)
  })

  test('durations', () => {
    expect([durationSeconds('1d12h'), durationSeconds('500ms'), durationSeconds('5'), durationSeconds('m')]).toEqual([
      129_600,
      0.5,
      undefined,
      undefined,
    ])
  })
})
