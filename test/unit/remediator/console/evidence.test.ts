import { describe, expect, test } from 'vitest'
import { momentsOf, spanOf, timesOf, valuesOf, withoutEmptyLead } from '../../../../src/remediator/console/evidence/evidence.ts'
import { fittingCurve, selector, signalQuestion } from '../../../../src/remediator/console/evidence/question.ts'
import { bandPath, groupMarks, linePath, timeTicks, valueTicks } from '../../../../src/remediator/console/views/chart-scale.ts'
import { seriesBehind, seriesNamesOf } from '../../../../src/remediator/prometheus-rules.ts'
import type { Incident } from '../../../../src/remediator/model.ts'

const STARTED_AT = '2026-01-01T12:00:00.000Z'
const NOON_MS = Date.parse(STARTED_AT)
const incident = (fields: Partial<Incident>): Incident =>
  ({ startedAt: STARTED_AT, resolvedAt: null, closedAt: null, labels: {}, annotations: {}, ...fields }) as Incident

describe('the time that a chart spans', () => {
  test('begins well before the alert, and ends now while it lasts', () => {
    const span = spanOf(incident({}), NOON_MS + 60_000)
    expect(span.stepSeconds).toBeLessThan(5)
    expect(timesOf(span).length).toBeLessThan(400)
    expect(span.fromMs).toBeLessThanOrEqual(NOON_MS - 15 * 60_000)
    expect(span.toMs).toBeGreaterThanOrEqual(NOON_MS + 60_000)
  })

  test('of an incident long ago it ends soon after it; of a long one it has no more points', () => {
    const resolvedAt = new Date(NOON_MS + 7 * 86_400_000).toISOString()
    const span = spanOf(incident({ resolvedAt, closedAt: resolvedAt }), NOON_MS + 60 * 86_400_000)
    expect(span.toMs).toBeLessThan(NOON_MS + 10 * 86_400_000)
    expect(timesOf(span).length).toBeLessThan(400)
  })

  test('an alert from the future does not turn it around', () => {
    const span = spanOf(incident({}), NOON_MS - 3_600_000)
    expect(span.toMs).toBeGreaterThan(span.fromMs)
  })

  test('values stand at their moments; infinities and gaps are absent', () => {
    const span = { fromMs: 0, toMs: 20_000, stepSeconds: 5 }
    expect(
      valuesOf(
        {
          labels: {},
          values: [
            [0, '1'],
            [10, '+Inf'],
            [15, 'NaN'],
            [20, '4'],
            [25, '9'],
          ],
        },
        span,
      ),
    ).toEqual([1, null, null, null, 4])
  })
})

test('of the time before the first measurement, only a lead is kept', () => {
  const times = Array.from({ length: 200 }, (_, index) => index)
  const values = times.map((at) => (at < 180 ? null : at))
  const flat = times.map(() => 1)
  const shown = withoutEmptyLead({ unit: '', source: '', times, current: values, baseline: flat, limit: flat, lower: flat, upper: flat })
  expect([shown.times[0], shown.times.at(-1)]).toEqual([168, 199])
  expect([shown.current, shown.baseline, shown.limit, shown.lower, shown.upper].map(({ length }) => length)).toEqual([32, 32, 32, 32, 32])
  expect(withoutEmptyLead({ ...shown, current: flat.slice(168) }).times).toHaveLength(32)
})

describe('the question to Prometheus', () => {
  test('holds labels of strangers as text, whatever is in them', () => {
    const labels = { group: 'a"b\\c{}.*|d\n', signal: 'cpu', alertname: 'X' }
    expect(selector(['procwarden:signal:level'], labels)).toBe(
      String.raw`{__name__=~"procwarden:signal:level",group=~"|a\"b\\\\c\\{\\}\\.\\*\\|d\n",signal=~"|cpu"}`,
    )
    expect(signalQuestion(incident({ labels: { group: 'x' } }))).toBeUndefined()
  })

  test('the series that fits the figure of the alert is taken, and none that does not', () => {
    const curve = (name: string, value: string) => ({
      labels: { __name__: name },
      values: [[NOON_MS / 1000, value]] as Array<readonly [number, string]>,
    })
    const curves = [curve('procwarden_exporter_start_time_seconds', '1700000000'), curve('files', '158')]
    const names = ['procwarden_exporter_start_time_seconds', 'files']
    expect(fittingCurve(curves, names, incident({ annotations: { current: '161' } }))?.labels['__name__']).toBe('files')
    expect(fittingCurve(curves, names, incident({ annotations: { current: '5' } }))).toBeUndefined()
    expect(fittingCurve(curves, names, incident({}))?.labels['__name__']).toBe(names[0])
  })

  test.each([
    [
      'procwarden:process_files_created:increase5m > on (group) group_left () max by (group) (procwarden:threshold:storm:override{signal="process_files"})',
      ['procwarden:process_files_created:increase5m', 'procwarden:threshold:storm:override'],
    ],
    ['rate(http_requests_total{job="x and y"}[5m] offset 5m) > 3 and on (instance) up == 1', ['http_requests_total', 'up']],
    ['sum by (le, job) (a:b) unless c or vector(0) # d', ['a:b', 'c']],
    ['1e6 < 5m', []],
  ])('the series of %s', (expression, names) => expect(seriesNamesOf(expression)).toEqual(names))
})

test('the series behind an alert: what it reads, what that is recorded from, and round in no circle', () => {
  const alerts = new Map([['Storm', ['a:storm > 0 unless on () b:off']]])
  const records = new Map([
    ['a:storm', ['a:excess', 'a:excess unless a:storm']],
    ['a:excess', ['a:increase5m > on () group_left () max(b:threshold)']],
  ])
  expect(seriesBehind('Storm', { alerts, records }, (name) => !name.startsWith('b:'))).toEqual(['a:storm', 'a:excess', 'a:increase5m'])
  expect(seriesBehind('Unknown', { alerts, records }, () => true)).toEqual([])
})

describe('what of a timeline is marked', () => {
  test('what was done and decided, not each step', () => {
    const at = STARTED_AT
    const timeline = [
      { at, event: 'opened', text: '', data: {} },
      { at, event: 'guard.passed', text: '', data: {} },
      { at, event: 'approval.requested', text: '', data: { frozen: true } },
      { at, event: 'approved', text: '', data: {} },
    ]
    expect(momentsOf(timeline).map(({ label }) => label)).toEqual(['noticed', 'frozen, asked', 'approved'])
  })
})

describe('the paper of a chart', () => {
  const same = (value: number): number => value

  test('lines break at gaps, and a lonely point is seen', () => {
    expect(linePath([1, 2, null, 3, null], same, same)).toBe('M0.0 1.0L1.0 2.0M3.0 3.0h0.1')
  })

  test('a band is closed on both sides', () => {
    expect(bandPath([0, 0, null], [2, 3, 4], same, same)).toBe('M0.0 2.0L1.0 3.0L1.0 0.0L0.0 0.0Z')
  })

  test.each([0.003, 1, 7, 161, 1e9])('ticks up to %d are round and few', (top) => {
    const ticks = valueTicks(top, false)
    expect(ticks.length).toBeGreaterThan(1)
    expect(ticks.length).toBeLessThan(7)
    expect(ticks.at(-1)).toBeLessThanOrEqual(top)
  })

  test('marks that are too close share a number', () => {
    expect(groupMarks([10, 12, 100, 130, 135, 140], 16).map(({ text }) => text)).toEqual(['1-2', '3', '4-6'])
  })

  test('times are whole and within', () => {
    const ticks = timeTicks(1_000, 4_000, 6)
    expect(ticks.every((tick) => tick % 600 === 0 && tick >= 1_000 && tick <= 4_000)).toBe(true)
  })
})
