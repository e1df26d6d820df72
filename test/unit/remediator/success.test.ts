import { expect, test } from 'vitest'
import { successReport } from '../../../src/remediator/audit/success.ts'
import type { AuditEntry } from '../../../src/remediator/model.ts'

let seq = 0
function entry(at: string, event: string, incident: string | null, data: Readonly<Record<string, unknown>> = {}): AuditEntry {
  seq += 1
  return { seq, at, event, incident, text: event, data, prev: '', hash: '' }
}

const opened = (at: string, id: string, labels: Readonly<Record<string, string>>): AuditEntry => entry(at, 'opened', id, { labels })

const TRAIL = [
  entry('2026-01-05T00:00:00.000Z', 'started', null),
  // Sunday: healed at the second attempt, after an anomaly. Each entry of its course counts once.
  opened('2026-01-04T23:59:59.000Z', 'a', { alertname: 'CpuAboveBaseline', kind: 'anomaly' }),
  entry('2026-01-05T00:00:01.000Z', 'intent', 'a'),
  entry('2026-01-05T00:00:02.000Z', 'attempt.failed', 'a', { outcome: 'failed' }),
  entry('2026-01-05T00:00:03.000Z', 'intent', 'a'),
  entry('2026-01-05T00:00:04.000Z', 'verified', 'a', { outcome: 'killed' }),
  // Monday: a limit, healed.
  opened('2026-01-05T00:00:05.000Z', 'b', { alertname: 'ServiceDown', kind: 'limit' }),
  entry('2026-01-05T00:00:06.000Z', 'intent', 'b'),
  entry('2026-01-05T00:00:07.000Z', 'verified', 'b', { outcome: 'restarted' }),
  // Monday: a check, not healed, advisor, person.
  opened('2026-01-05T00:00:08.000Z', 'c', { alertname: 'CheckFailed', kind: 'limit' }),
  entry('2026-01-05T00:00:09.000Z', 'intent', 'c'),
  entry('2026-01-05T00:00:10.000Z', 'verified', 'c', { outcome: 'failed' }),
  entry('2026-01-05T00:00:10.000Z', 'escalated', 'c', { level: 'advisor' }),
  entry('2026-01-05T00:00:11.000Z', 'advisor.answered', 'c'),
  entry('2026-01-05T00:00:12.000Z', 'escalated', 'c', { level: 'person' }),
  // February: a check that was healed.
  opened('2026-02-01T00:00:00.000Z', 'd', { alertname: 'CheckFailed', kind: 'limit' }),
  entry('2026-02-01T00:00:01.000Z', 'intent', 'd'),
  entry('2026-02-01T00:00:02.000Z', 'verified', 'd', { outcome: 'executed' }),
  // Only told.
  opened('2026-02-01T00:00:03.000Z', 'e', { alertname: 'DiskFull' }),
]

test('each incident is counted once, in the period in which it was detected', () => {
  expect(successReport(TRAIL, 'week')).toEqual({
    by: 'week',
    detected: 5,
    attempted: 4,
    healed: 3,
    prevented: 2,
    advised: 1,
    escalated: 1,
    healedRatio: 0.75,
    periods: [
      { from: '2025-12-29', detected: 1, attempted: 1, healed: 1, prevented: 1, advised: 0, escalated: 0, healedRatio: 1 },
      { from: '2026-01-05', detected: 2, attempted: 2, healed: 1, prevented: 0, advised: 1, escalated: 1, healedRatio: 0.5 },
      { from: '2026-01-26', detected: 2, attempted: 1, healed: 1, prevented: 1, advised: 0, escalated: 0, healedRatio: 1 },
    ],
  })
})

test('by day and by month', () => {
  expect(successReport(TRAIL, 'day').periods.map(({ from, detected }) => [from, detected])).toEqual([
    ['2026-01-04', 1],
    ['2026-01-05', 2],
    ['2026-02-01', 2],
  ])
  expect(successReport(TRAIL, 'month').periods.map(({ from }) => from)).toEqual(['2026-01-01', '2026-02-01'])
})

test('an empty trail has no ratio', () => {
  expect(successReport([], 'week')).toMatchObject({ detected: 0, healedRatio: null, periods: [] })
})
