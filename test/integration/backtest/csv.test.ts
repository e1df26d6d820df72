import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { procwarden } from '../../support/loop.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const START = Date.parse('2026-01-05T00:00:00Z') / 1000
const MINUTE = 60
const HOUR = 60 * MINUTE

const RULES = {
  groups: [
    {
      name: 'a',
      rules: [
        { record: 'procwarden:threshold:limit:default', labels: { signal: 'queue' }, expr: 'vector(10)' },
        { record: 'procwarden:signal:baseline', expr: 'avg_over_time(procwarden:signal:level[1h])' },
        {
          record: 'procwarden:signal:limit',
          expr: '0 * procwarden:signal:level + on (signal) group_left () procwarden:threshold:limit:default',
        },
        {
          alert: 'QueueLong',
          expr: 'procwarden:signal:level{signal="queue"} > procwarden:signal:limit',
          for: '5m',
          labels: { severity: 'warning', kind: 'anomaly' },
        },
        { alert: 'NeedsMore', expr: 'procwarden:signal:level{signal="queue"} > on () some_other_metric' },
        { alert: 'NothingThere', expr: 'absent(some_other_metric)' },
      ],
    },
  ],
}

/** Two bursts of an hour above 10, one of them above 20 and labelled. */
function series(directory: string): string {
  const lines = ['timestamp,value']
  for (let at = START; at <= START + 12 * HOUR; at += 5 * MINUTE) {
    const hour = (at - START) / HOUR
    const value = hour >= 4 && hour < 5 ? 15 : hour >= 8 && hour < 9 ? 25 : 5
    lines.push(`${new Date(at * 1000).toISOString().slice(0, 19).replace('T', ' ')},${value}`)
  }
  const file = path.join(directory, 'queue.csv')
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

describe('a backtest over a series of CSV', () => {
  test('precision, recall and false alarms, as shipped and with another limit', () => {
    const directory = temporaryDirectory()
    const file = series(directory)
    const rules = path.join(directory, 'rules.yml')
    writeFileSync(rules, JSON.stringify(RULES))
    const windows = path.join(directory, 'windows.json')
    writeFileSync(windows, JSON.stringify({ 'data/queue.csv': [['2026-01-05 07:30:00', '2026-01-05 09:00:00']] }))
    const plot = path.join(directory, 'plot.html')
    const args = ['backtest', '--csv', file, '--signal', 'queue', '--rules.dir', rules, '--windows', windows, '--set', 'queue_limit=20']
    const { code, stdout, stderr } = procwarden([...args, '--plot', plot, '--json'])
    expect([code, stderr]).toEqual([0, ''])
    const report = JSON.parse(stdout) as {
      alerts: string[]
      firings: Array<{ startsAt: string; seconds: number }>
      score: Record<string, number>
      changed: { score: Record<string, number>; go: unknown[] }
    }
    expect(report.alerts).toEqual(['QueueLong'])
    // Above the limit from the full hour on, five minutes of `for`, until an hour later.
    expect(report.firings.map(({ startsAt, seconds }) => [startsAt, seconds])).toEqual([
      ['2026-01-05T04:05:00.000Z', 55 * MINUTE],
      ['2026-01-05T08:05:00.000Z', 55 * MINUTE],
    ])
    expect(report.score).toMatchObject({ windows: 1, found: 1, falseAlarms: 1, precision: 0.5, recall: 1, falseAlarmsPerDay: 2 })
    expect(report.changed.score).toMatchObject({ found: 1, falseAlarms: 0, precision: 1, recall: 1, f1: 1 })
    expect(report.changed.go).toHaveLength(1)

    const page = readFileSync(plot, 'utf8')
    expect(page).toContain('<svg')
    expect(page).not.toMatch(/<script|src=|href=|@import/)
    expect(page.match(/class="win"/g)?.length).toBeGreaterThan(0)

    const table = procwarden(args).stdout
    expect(table).toMatch(/-\s+2026-01-05 04:05\s+55m\s+warning\s+QueueLong\s+queue/)
    expect(table).toMatch(/all with queue_limit=20\s+1 of 1\s+0\s+1\.00\s+1\.00\s+1\.00\s+0\.000/)
  }, 120_000)

  test('faults are told before anything is replayed', () => {
    const directory = temporaryDirectory()
    const file = series(directory)
    const broken = path.join(directory, 'broken.csv')
    writeFileSync(broken, 'timestamp,value\n2026-01-05 00:00:00,1\n2026-01-05 00:05:00,many\n')
    const fails = (...args: string[]) => procwarden(['backtest', ...args])
    expect(fails('--csv', broken, '--signal', 'cpu')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('broken.csv:3: "many" is no number'),
    })
    expect(fails('--csv', file)).toMatchObject({ code: 1, stderr: expect.stringContaining('--csv needs --signal') })
    expect(fails('--csv', `${file}x`, '--signal', 'cpu')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no such file'),
    })
    expect(fails()).toMatchObject({ code: 1, stderr: expect.stringContaining('either --prometheus.url') })
    expect(fails('--csv', file, '--signal', 'cpu', '--plot', 'x.png')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('.html or .svg'),
    })
    expect(fails('--csv', file, '--signal', 'cpu', '--step', '10m')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('at most 5m'),
    })
  })
})
