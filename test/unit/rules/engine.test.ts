/** Tests the shape of the shipped rules: numbers in one file, intervals, and a single rule for each step of the engine. */
import { describe, expect, test } from 'vitest'
import { readRuleFiles } from './shipped-rules.ts'

const files = readRuleFiles()
const groups = [...files].flatMap(([file, { groups: own }]) => own.map((group) => ({ file, ...group })))
const rules = groups.flatMap((group) => group.rules.map((rule) => ({ file: group.file, ...rule })))

/** Numbers that judge nothing: windows, the statistic itself, comparisons with nothing, true and false. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  // Five minutes in seconds, and "fell at least once".
  'files.yml': ['300', '0'],
  // The quantile, "is learned", and the level times nothing for its labels.
  'baselines.yml': ['0.99', '1', '0'],
  // Above nothing, "is learned", and the five samples of five minutes.
  'anomalies.yml': ['0', '1', '5'],
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
    expect(numbersIn('rate(x_5m{q="99"}[5m] offset 15m) > 1.5 * y3d + 2e3')).toEqual(['1.5', '2e3'])
  })

  test('each recorded name and label set has one rule', () => {
    const names = rules.filter((rule) => rule.record !== undefined).map((rule) => `${rule.record}${JSON.stringify(rule.labels)}`)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  test('thresholds and storms react at the global evaluation interval, the rest once a minute', () => {
    expect(Object.fromEntries(groups.map((group) => [group.name, group.interval ?? 'global']))).toEqual({
      'procwarden-thresholds': 'global',
      'procwarden-files': 'global',
      'procwarden-signals': '1m',
      'procwarden-baselines': '1m',
      'procwarden-effective-thresholds': '1m',
      'procwarden-anomalies': '1m',
    })
  })

  test('a signal is only named where its level, its numbers and its alert are', () => {
    const naming = rules.filter((rule) => rule.alert === undefined && /signal="(?!\*|directory_files|process_files)/.test(rule.expr))
    expect(naming.map((rule) => rule.record)).toEqual([])
  })

  test('no kind of threshold is left without its rule in force', () => {
    const kinds = (pattern: RegExp) => new Set(rules.flatMap((rule) => pattern.exec(rule.record ?? '')?.[1] ?? []))
    expect(kinds(/^procwarden:threshold:(\w+)$/)).toEqual(
      new Set([...kinds(/^procwarden:threshold:(\w+):default$/)].filter((kind) => kind !== 'storm')),
    )
  })
})

/** Numeric literals of PromQL, without durations, names and strings. */
function numbersIn(expr: string): string[] {
  const bare = expr
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/offset \w+/g, '')
    .replaceAll(/(?<![\w.])[A-Za-z_:][\w:]*/g, '')
  return bare.match(/\d+(?:\.\d+)?(?:e\d+)?/g) ?? []
}
