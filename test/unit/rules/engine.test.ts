/** Tests the shape of the shipped rules: numbers in one file, intervals, and a single rule for each step of the engine. */
import { describe, expect, test } from 'vitest'
import { readRuleFiles } from './shipped-rules.ts'

const files = readRuleFiles()
const groups = [...files].flatMap(([file, { groups: own }]) => own.map((group) => ({ file, ...group })))
const rules = groups.flatMap((group) => group.rules.map((rule) => ({ file: group.file, ...rule })))

/** Numbers that judge nothing: windows in seconds, the statistic itself, comparisons with nothing, true and false. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  // Five minutes in seconds, and "fell at least once".
  'files.yml': ['300', '0'],
  // The quantiles, 168 hours in a week, nothing (for its labels, and for the greater of two), true, and almost nothing.
  'baselines.yml': ['0.5', '0.98', '168', '0', '1', '1e-9'],
  'anomalies.yml': [],
  // Above nothing; used is 1 less what is free; variances of five minutes and of two hours; two hours and a day in seconds; a square.
  'behaviours.yml': ['0', '1', '2', '7200', '4.32e6', '86400'],
  // Times nothing for its labels; down; doubled; five minutes in seconds.
  'limits.yml': ['0', '2', '300'],
  // The 95th percentile, and down.
  'probes.yml': ['0.95', '0', '1'],
  // Failed, broken, unreachable.
  'remediation.yml': ['0'],
  // Unreachable, more than nothing, more than one.
  'self.yml': ['0', '1'],
  'signals.yml': [],
}

describe('the shipped rules', () => {
  test.each(Object.entries(ALLOWED))('%s holds no threshold', (file, allowed) => {
    const found = rules.filter((rule) => rule.file === file).flatMap((rule) => numbersIn(rule.expr))
    expect([...new Set(found)].filter((number) => !allowed.includes(number))).toEqual([])
  })

  test('every file but the thresholds is looked at for numbers', () => {
    expect([...files.keys()].toSorted()).toEqual([...Object.keys(ALLOWED), 'thresholds.yml'].toSorted())
  })

  test('numbers are found in an expression', () => {
    expect(numbersIn('rate(x_5m{q="99"}[5m] offset 15m) > 1.5 * y3d + 2e3 # of 9\n- 1e-9')).toEqual(['1.5', '2e3', '1e-9'])
  })

  test('each recorded name and label set has one rule', () => {
    const names = rules.filter((rule) => rule.record !== undefined).map((rule) => `${rule.record}${JSON.stringify(rule.labels)}`)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  test('what must not wait is judged as often as is scraped, and nothing goes stale in between', () => {
    const every = (interval: string) => groups.filter((group) => group.interval === interval).map((group) => group.name)
    expect(every('5s').toSorted()).toEqual(['procwarden-files', 'procwarden-probes-urgent', 'procwarden-urgent'])
    expect(groups.filter((group) => group.interval === undefined)).toEqual([])
    expect([...new Set(groups.flatMap((group) => group.interval ?? []))].toSorted()).toEqual(['15s', '1m', '2m', '30s', '4m', '5s', '8s'])
  })

  test('every threshold that is read has a default or is one that can only be overridden', () => {
    const named = (pattern: RegExp, text: string) => [...text.matchAll(pattern)].map((match) => match[1] ?? '')
    const read = new Set(rules.flatMap((rule) => named(/procwarden:threshold:(\w+)(?::\w+)?/g, rule.expr)))
    const written = new Set(rules.flatMap((rule) => named(/^procwarden:threshold:(\w+):default$/g, rule.record ?? '')))
    expect([...read].filter((name) => !written.has(name)).toSorted()).toEqual(['probe_down', 'service_down'])
    expect([...written].filter((name) => !read.has(name))).toEqual([])
  })

  test('the steps of the engine are one rule each, for all signals', () => {
    const engine = rules.filter((rule) => ['baselines.yml', 'anomalies.yml'].includes(rule.file) && rule.record !== undefined)
    expect(engine.length).toBeGreaterThan(20)
    expect(engine.filter((rule) => /signal=~?"(?!\*)/.test(rule.expr)).map((rule) => rule.record)).toEqual([])
  })
})

/** Numeric literals of PromQL, without durations, names and strings. */
function numbersIn(expr: string): string[] {
  const bare = expr
    .replaceAll(/#.*/g, '')
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/offset \w+/g, '')
    .replaceAll(/(?<![\w.])[A-Za-z_:][\w:]*/g, '')
  return bare.match(/\d+(?:\.\d+)?(?:e-?\d+)?/g) ?? []
}
