import { describe, expect, test } from 'vitest'
import { viewAlerts } from '../../../src/rules/alerts.ts'
import { findRuleFiles, parseRules, readRules, SHIPPED_RULES_DIR } from '../../../src/rules/rule-files.ts'
import { constantOf } from '../../../src/rules/thresholds.ts'

const TEXT = `groups:
  - name: a
    interval: 1m
    rules:
      - record: procwarden:threshold:ratio:default
        labels: {signal: '*'}
        expr: vector(5)
      - record: procwarden:threshold:ratio:default
        labels: {signal: cpu} # times
        expr: vector(8)
      - record: procwarden:threshold:ratio:override
        labels: {signal: cpu, group: make}
        expr: vector(+Inf)
      - record: procwarden:signal:anomaly
        labels: {severity: warning}
        expr: procwarden:signal:level > procwarden:threshold:ratio
      - record: procwarden:signal:anomaly
        labels: {severity: critical}
        expr: procwarden:signal:level > 2 * procwarden:threshold:ratio
      # A program is busier
      # than usual.
      - alert: Busy
        expr: procwarden:signal:anomaly{signal="cpu"}
        labels: {remediate: notify}
      - alert: Other
        expr: procwarden:signal:anomaly{signal!~"cpu|memory"}
        annotations: {summary: '{{ $labels.group }} is at {{ $value | printf "%.2f" }}, see {{ with query "x" }}'}
`

describe('alerts in words', () => {
  const { rules, faults } = parseRules(TEXT, 'rules.yml')
  const [busy, other] = viewAlerts(rules)

  test('words, severities and thresholds come from the file, with their lines', () => {
    expect(faults).toEqual([])
    expect(busy).toMatchObject({ name: 'Busy', words: 'A program is busier than usual.', severities: ['critical', 'warning'], line: 22 })
    expect(busy?.thresholds).toEqual([
      {
        name: 'ratio',
        signal: 'cpu',
        default: expect.objectContaining({ value: 8, line: 8, unit: 'times' }),
        overrides: [expect.objectContaining({ value: Infinity, line: 11, subject: { group: 'make' } })],
      },
    ])
  })

  test('without a comment the summary speaks, its templates as placeholders; other signals have the default of all', () => {
    expect(other?.words).toBe('<group> is at <value>, see <...>')
    expect(other?.thresholds.map(({ signal, default: of }) => [signal, of?.value])).toEqual([['*', 5]])
  })

  test('every shipped alert has words, a severity and, where it compares, the line of its threshold', () => {
    const alerts = viewAlerts(readRules(findRuleFiles([SHIPPED_RULES_DIR])))
    expect(alerts.length).toBeGreaterThan(3)
    expect(alerts.filter(({ words, severities }) => words === '' || words.includes('{{') || severities.length === 0)).toEqual([])
    expect(alerts.find(({ name }) => name === 'CpuAboveBaseline')?.thresholds.map(({ name }) => name)).toContain('ratio')
    expect(alerts.flatMap(({ thresholds }) => thresholds).filter(({ default: of }) => of !== undefined && of.line < 1)).toEqual([])
  })

  test.each([
    ['CpuSpike', ['limit cpu_spike', 'spike_ratio cpu_spike']],
    ['CheckDrifted', ['limit check_errors', 'limit check_latency', 'limit check_memory']],
    ['InfiniteLoop', ['hours cpu', 'limit spin', 'margin cpu', 'operations spin']],
  ])("%s is told with its own thresholds and nobody else's", (name, thresholds) => {
    const alert = viewAlerts(readRules(findRuleFiles([SHIPPED_RULES_DIR]))).find((each) => each.name === name)
    expect(alert?.thresholds.map((each) => `${each.name} ${each.signal}`).toSorted()).toEqual(thresholds)
  })

  test.each([
    ['vector(5)', 5],
    ['vector(+Inf)', Infinity],
    ['vector( 2.5e6 )', 2_500_000],
    ['vector(500 * 1024^2)', 524_288_000],
    ['vector(1/4)', 0.25],
    ['7', 7],
    ['vector("8")', undefined],
    ['scalar(x)', undefined],
  ])('%s is %s', (expr, value) => {
    expect(constantOf(expr)).toBe(value)
  })
})

describe('reading rule files', () => {
  test('what is no rule is a fault with its line', () => {
    expect(parseRules('groups:\n  - name: a\n    rules:\n      - expr: x\n      - record: y\n', 'f.yml').faults).toEqual([
      'f.yml:4: a rule needs "expr" and either "record" or "alert"',
      'f.yml:5: a rule needs "expr" and either "record" or "alert"',
    ])
    expect(parseRules('hello', 'f.yml').faults).toEqual(['f.yml:1: no list "groups": this is no Prometheus rule file'])
    expect(parseRules('groups: [', 'f.yml').faults).toHaveLength(1)
  })
})
