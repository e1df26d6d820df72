/** Tests what a replay is made of: promtool's notation of series, what it prints, and the order of rule groups. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { groupOrder } from '../../../src/backtest/group-order.ts'
import { parseAnswers } from '../../../src/backtest/promtool-answer.ts'
import { replay } from '../../../src/backtest/replay.ts'
import { gridValues, selectorOf } from '../../../src/backtest/series.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

describe('series on a grid', () => {
  const grid = { from: 1000, to: 1600, spacing: 60, hold: 300 }

  test('a sample holds until the next, and not for ever', () => {
    const samples = [
      [1000, 7],
      [1060, 8],
      [1100, 9],
    ] as const
    expect(gridValues({ labels: {}, samples }, grid)).toBe('7 8 9x4 _x4')
  })

  test('points in time move along with the clock', () => {
    const series = { name: 'procwarden_process_start_time_seconds', labels: {}, samples: [[1000, 900]] as const }
    expect(gridValues(series, { ...grid, to: 1120 })).toBe('-100x2')
  })

  test('what promtool cannot repeat is written out', () => {
    expect(gridValues({ labels: {}, samples: [[1000, Infinity]] }, { ...grid, to: 1060 })).toBe('Inf Inf')
  })

  test('label values are quoted', () => {
    expect(selectorOf({ signal: 'cpu', labels: { group: 'a "b"\\' } })).toBe('procwarden:signal:level{signal="cpu",group="a \\"b\\"\\\\"}')
  })
})

describe('what promtool prints', () => {
  test('answers are read with hostile label values', () => {
    const output = [
      'Unit Testing:  x.yml',
      '  FAILED:',
      '    expr: "ALERTS{a=\\"b\\"}", time: 1h2m,',
      '        exp: nil',
      '        got: {__name__="ALERTS", a="x\\"y\\\\\\nz", g="}, 1 {"} 1E+00, {b="2"} -2.5E+00, {} +Inf',
    ].join('\n')
    expect(parseAnswers(output)).toEqual([
      {
        expr: 'ALERTS{a="b"}',
        atSeconds: 3720,
        samples: [
          { labels: { __name__: 'ALERTS', a: 'x"y\\\nz', g: '}, 1 {' }, value: 1 },
          { labels: { b: '2' }, value: -2.5 },
          { labels: {}, value: Infinity },
        ],
      },
    ])
  })

  test('a rule or query that failed is no empty answer', () => {
    expect(() => parseAnswers('  FAILED:\n    rule: d, time: 0s, err: duplicate sample for timestamp')).toThrow(/duplicate sample/)
    expect(() => parseAnswers('    expr: "a or", time: 14m, err: 1:5: parse error')).toThrow(/parse error/)
  })
})

describe('a replay', () => {
  const rules = `
groups:
  - name: alerts
    rules:
      - {alert: High, expr: doubled > 10, for: 2m, labels: {severity: warning}}
  - name: levels
    rules:
      - {record: doubled, expr: procwarden:signal:level * 2}
`

  test('groups come after those that they use', () => {
    const file = path.join(temporaryDirectory(), 'rules.yml')
    writeFileSync(file, rules)
    expect(groupOrder([file])).toEqual(['levels', 'alerts'])
  })

  test('tells who fired from when to when', async () => {
    const file = path.join(temporaryDirectory(), 'rules.yml')
    writeFileSync(file, rules)
    const from = 1_700_000_000
    const samples = Array.from({ length: 20 }, (_, minute) => [from + minute * 60, minute >= 5 && minute < 12 ? 6 : 5] as const)
    const series = ['a "quoted"', 'b'].map((group) => ({
      signal: 'cpu',
      labels: { group },
      samples: group === 'b' ? samples.slice(0, 8) : samples,
    }))
    const labels = { group: 'a "quoted"', severity: 'warning', signal: 'cpu' }
    expect(await replay({ series: series.slice(0, 1), ruleFiles: [file], from, to: from + 1140, stepSeconds: 60 })).toEqual([
      { alertname: 'High', labels, startsAt: from + 420, endsAt: from + 720 },
    ])
    const both = await replay({ series, ruleFiles: [file], from, to: from + 600, stepSeconds: 60 })
    expect(both.map((firing) => [firing.labels['group'], firing.endsAt])).toEqual([
      ['a "quoted"', undefined],
      ['b', undefined],
    ])
  })
})
