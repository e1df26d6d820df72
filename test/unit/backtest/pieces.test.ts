import { describe, expect, test } from 'vitest'
import { compareFirings } from '../../../src/backtest/compare.ts'
import { parseCsv, parseMoment, usualSpacing } from '../../../src/backtest/csv.ts'
import { judgesLevel } from '../../../src/backtest/judged-signals.ts'
import { planReplay } from '../../../src/backtest/plan.ts'
import { drawPlot } from '../../../src/backtest/plot.ts'
import { mergeSpans, scoreFirings } from '../../../src/backtest/score.ts'
import { applyChanges, parseChange, withThresholds } from '../../../src/backtest/threshold-changes.ts'
import { parseWindows } from '../../../src/backtest/windows.ts'
import { parseRules } from '../../../src/rules/rule-files.ts'

const HOUR = 3600

describe('reading CSV', () => {
  test('columns by title or by place, moments in many forms', () => {
    expect(parseCsv('value;timestamp\n1;2014-02-14 14:30:00\n2;2014-02-14 14:35', 'a.csv')).toEqual([
      [1392388200, 1],
      [1392388500, 2],
    ])
    expect(parseCsv('\ufeff1392388500,2\r\n1392388200.5,1e3\r\n', 'a.csv')).toEqual([
      [1392388200.5, 1000],
      [1392388500, 2],
    ])
    expect(parseMoment('2014-02-26 13:45:00.000000')).toBe(1393422300)
    expect(parseMoment('2014-02-26T13:45:00+01:00')).toBe(1393422300 - HOUR)
    expect([parseMoment('yesterday'), parseMoment('2014-13-01'), parseMoment('12')]).toEqual([undefined, undefined, undefined])
  })

  test('faults name their line', () => {
    expect(() => parseCsv('timestamp,value\n2014-02-14 14:30:00,x\nnever,1\n', 'a.csv')).toThrow(
      /^a\.csv:2: "x" is no number\na\.csv:3: "never" is no moment/,
    )
    expect(() => parseCsv('', 'a.csv')).toThrow('no samples')
    expect(() => parseCsv('a,b,c\n1,2,3', 'a.csv')).toThrow('which columns')
    expect(() => parseCsv(`timestamp,value\n${'x,1\n'.repeat(100)}`, 'a.csv')).toThrow('and perhaps more')
  })

  test('the usual spacing is not spoilt by a gap', () => {
    const samples = [0, 300, 600, 900, 90_000].map((at): [number, number] => [at, 1])
    expect(usualSpacing(samples)).toBe(300)
  })
})

describe('reading windows', () => {
  test('a list, a list by file, or CSV', () => {
    const expected = [{ from: 1393422300, to: 1393425900 }]
    expect(parseWindows('[["2014-02-26 13:45:00.000000", "2014-02-26 14:45"]]', 'w.json', 'a.csv')).toEqual(expected)
    expect(parseWindows('{"other/a.csv": [], "x/a.csv": [[1393422300, 1393425900]]}', 'w.json', '/data/x/a.csv')).toEqual(expected)
    expect(parseWindows('from,to\n2014-02-26 13:45,2014-02-26 14:45\n', 'w.csv', 'a.csv')).toEqual(expected)
  })

  test('faults', () => {
    expect(() => parseWindows('{"b.csv": []}', 'w.json', 'a.csv')).toThrow('no windows for a.csv; it has b.csv')
    expect(() => parseWindows('[["2014-02-27", "2014-02-26"]]', 'w.json', 'a.csv')).toThrow('window 1: it ends before it begins')
    expect(() => parseWindows('[["x", "y"]]', 'w.json', 'a.csv')).toThrow('are no two moments')
  })
})

describe('scoring', () => {
  const windows = [
    { from: 10 * HOUR, to: 20 * HOUR },
    { from: 40 * HOUR, to: 50 * HOUR },
  ]

  test('a window counts once, false alarms by episode', () => {
    const firings = [
      { from: 9 * HOUR, to: 10 * HOUR },
      { from: 15 * HOUR, to: 16 * HOUR },
      { from: 30 * HOUR, to: 30.1 * HOUR },
      { from: 30.5 * HOUR, to: 31 * HOUR },
    ]
    const score = scoreFirings(firings, windows, 4)
    expect(score).toEqual({ days: 4, windows: 2, found: 1, falseAlarms: 1, precision: 0.5, recall: 0.5, f1: 0.5, falseAlarmsPerDay: 0.25 })
  })

  test('nothing fired, nothing to find', () => {
    expect(scoreFirings([], windows, 4)).toMatchObject({ precision: undefined, recall: 0, f1: 0 })
    expect(scoreFirings([], [], 4)).toMatchObject({ precision: undefined, recall: undefined, f1: undefined })
  })

  test('spans are merged in any order', () => {
    expect(
      mergeSpans(
        [
          { from: 5, to: 6 },
          { from: 1, to: 9 },
          { from: 12, to: 13 },
        ],
        2,
      ),
    ).toEqual([
      { from: 1, to: 9 },
      { from: 12, to: 13 },
    ])
  })
})

const RULES = parseRules(
  JSON.stringify({
    groups: [
      {
        name: 'a',
        rules: [
          { record: 'procwarden:threshold:ratio:default', labels: { signal: 'cpu' }, expr: 'vector(5)' },
          { record: 'procwarden:threshold:ratio:default', labels: { signal: '*' }, expr: 'vector(4)' },
          { record: 'procwarden:signal:level', labels: { signal: 'cpu' }, expr: 'rate(raw_total[5m])' },
          { record: 'base', expr: 'avg_over_time(procwarden:signal:level[1d] offset 1h)' },
          { record: 'breach', labels: { signal: 'spike' }, expr: 'procwarden:signal:level{signal="cpu"} > base * 2' },
          { record: 'breach', labels: { signal: 'full' }, expr: 'disk_bytes > 5' },
          { alert: 'Spike', expr: 'breach{signal="spike"}' },
          { alert: 'Full', expr: 'breach{signal="full"}', for: '5m' },
          { alert: 'Memory', expr: 'base{signal="memory"} > 5' },
        ],
      },
    ],
  }),
  'rules.yml',
).rules
const alertOf = (name: string) => RULES.filter((rule) => rule.name === name)[0] as (typeof RULES)[number]

describe('planning a replay', () => {
  test('only what the wanted alerts build on, in its order, and no level', () => {
    const plan = planReplay(RULES, ({ name }) => name === 'Spike')
    expect(plan.rules.map(({ name }) => name)).toEqual(['base', 'breach', 'Spike'])
    expect(plan.levels.map(({ labels }) => labels['signal'])).toEqual(['cpu'])
    expect([plan.external, plan.warmupSeconds]).toEqual([[], 25 * HOUR])
    const other = planReplay(RULES, ({ name }) => name === 'Full')
    expect([other.external.map(({ metric }) => metric), other.levels]).toEqual([['disk_bytes'], []])
  })

  test('which alerts can say anything about a signal', () => {
    expect(['Spike', 'Full', 'Memory'].map((name) => judgesLevel(alertOf(name), RULES, 'cpu'))).toEqual([true, false, false])
    expect(judgesLevel(alertOf('Memory'), RULES, 'memory')).toBe(true)
  })
})

describe('trying other thresholds', () => {
  const valueOf = (rules: typeof RULES, labels: Record<string, string>) =>
    rules
      .filter((rule) => JSON.stringify(rule.labels) === JSON.stringify(labels) && rule.name.startsWith('procwarden:threshold'))
      .map(({ expr }) => expr)

  test('defaults, defaults of all signals, and overrides', () => {
    const changes = ['cpu_ratio=8', 'ratio=9', 'cpu_ratio{group="make"}=+Inf', 'memory_ratio=3']
      .slice(0, 3)
      .map((text) => parseChange(text, RULES))
    const changed = applyChanges(RULES, changes)
    expect([
      valueOf(changed, { signal: 'cpu' }),
      valueOf(changed, { signal: '*' }),
      valueOf(changed, { signal: 'cpu', group: 'make' }),
    ]).toEqual([['vector(8)'], ['vector(9)'], ['vector(+Inf)']])
    expect(valueOf(RULES, { signal: 'cpu' })).toEqual(['vector(5)'])
  })

  test('what there is not is refused', () => {
    expect(() => parseChange('cpu_ratoi=8', RULES)).toThrow('did you mean cpu_ratio?')
    expect(() => parseChange('gpu_ratio=8', RULES)).toThrow('no such threshold')
    expect(() => parseChange('cpu_ratio=much', RULES)).toThrow('is no number')
    expect(() => parseChange('cpu_ratio', RULES)).toThrow('SIGNAL_THRESHOLD=VALUE')
    expect(() => parseChange('cpu_ratio{make}=8', RULES)).toThrow('write labels as')
  })

  test('a file with defaults replaces, one with overrides adds', () => {
    const file = (kind: string) =>
      parseRules(
        JSON.stringify({
          groups: [
            {
              name: 'b',
              rules: [{ record: `procwarden:threshold:ratio:${kind}`, labels: { signal: 'cpu', group: 'x' }, expr: 'vector(1)' }],
            },
          ],
        }),
        't.yml',
      ).rules
    expect(withThresholds(RULES, file('default'), 't.yml').filter(({ name }) => name.endsWith(':default'))).toHaveLength(1)
    expect(withThresholds(RULES, file('override'), 't.yml')).toHaveLength(RULES.length + 1)
    expect(() => withThresholds(RULES, [], 't.yml')).toThrow('no procwarden:threshold')
  })
})

describe('comparing', () => {
  const firing = (group: string, startsAt: number, endsAt: number | undefined, severity = 'warning') => ({
    alertname: 'A',
    labels: { group, severity },
    startsAt,
    endsAt,
  })

  test('the same thing at the same time stays, whatever its severity', () => {
    const { kept, gone, added } = compareFirings(
      [firing('a', 0, 100), firing('b', 0, 100), firing('c', 0, undefined)],
      [firing('a', 50, 150, 'critical'), firing('b', 100, 200), firing('c', 500, 600)],
    )
    expect([
      kept.map(({ shipped }) => shipped.labels.group),
      gone.map(({ labels }) => labels.group),
      added.map(({ labels }) => labels.group),
    ]).toEqual([['a', 'c'], ['b'], ['b']])
  })
})

describe('drawing', () => {
  test('names of strangers stay text, and nothing is fetched', () => {
    const evil = '</text><script>alert(1)</script>\u0000"\ud800'
    const svg = drawPlot({
      title: evil,
      from: 0,
      to: 1000,
      shipped: [{ alertname: 'A', labels: { group: evil }, startsAt: 10, endsAt: undefined }],
      changed: [],
      levels: [
        {
          title: evil,
          labels: {},
          level: [
            [0, 1],
            [500, NaN],
            [1000, 3],
          ],
          baseline: [],
          limit: [[0, Infinity]],
          lower: [],
          upper: [],
        },
      ],
      windows: [{ from: 0, to: 100 }],
    })
    expect(svg).not.toContain('<script')
    expect(svg).not.toContain('\u0000')
    expect(svg).not.toMatch(/NaN|Infinity|undefined|url\(|href/)
    expect(svg.match(/class="fire"/g)?.length).toBe(2) // the firing, and the legend
  })
})
