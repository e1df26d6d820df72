import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { procwarden } from '../../support/loop.ts'
import { startHistoryPrometheus, type HistorySeries } from '../../support/history-prometheus.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

/** A full hour, some days ago. */
const END = Math.floor(Date.now() / 3_600_000) * 3600 - 86_400
const HOUR = 3600

/** A counter that grows by `perSecond` and, from an hour before the end on, by `later`. */
function counter(group: string, perSecond: number, later: number): HistorySeries {
  const samples: Array<[number, number]> = []
  let value = 0
  for (let at = END - 4 * HOUR; at <= END; at += 60) {
    value += 60 * (at > END - HOUR ? later : perSecond)
    samples.push([at, value])
  }
  return {
    name: 'procwarden_group_cpu_seconds_total',
    labels: { group, mode: 'user', instance: 'h:1', job: 'procwarden-exporter' },
    samples,
  }
}

/** Two rules of the kind that is shipped, with a threshold to tune, so that this test is about the tool. */
function rulesFile(directory: string): string {
  const file = path.join(directory, 'rules.yml')
  writeFileSync(
    file,
    JSON.stringify({
      groups: [
        {
          name: 'levels',
          interval: '1m',
          rules: [
            {
              record: 'procwarden:signal:level',
              labels: { signal: 'cpu' },
              expr: 'sum by (instance, job, group) (rate(procwarden_group_cpu_seconds_total[5m]))',
            },
            { record: 'procwarden:threshold:ratio:default', labels: { signal: 'cpu' }, expr: 'vector(5)' },
            { record: 'procwarden:signal:baseline', expr: 'avg_over_time(procwarden:signal:level[1h] offset 1h)' },
            {
              record: 'procwarden:signal:limit',
              expr: 'procwarden:signal:baseline * on (signal) group_left () procwarden:threshold:ratio:default',
            },
            { alert: 'TooBusy', expr: 'procwarden:signal:level > procwarden:signal:limit', for: '5m', labels: { severity: 'warning' } },
          ],
        },
      ],
    }),
  )
  return file
}

async function backtest(args: readonly string[]) {
  const result = procwarden(['backtest', ...args])
  return { ...result, json: result.code === 0 && args.includes('--json') ? (JSON.parse(result.stdout) as BacktestJson) : undefined }
}

interface BacktestJson {
  readonly firings: ReadonlyArray<{ alert: string; who: string; startsAt: string; endsAt: string | null; seconds: number }>
  readonly changed?: { readonly stay: number; readonly go: readonly unknown[]; readonly come: ReadonlyArray<{ who: string }> }
}

describe('a backtest over the history of a real Prometheus', () => {
  test('tells what fired, since when and for whom, and what another threshold would change', async () => {
    const directory = temporaryDirectory()
    const url = await startHistoryPrometheus([counter('calm', 0.1, 0.1), counter('busy', 0.1, 0.9), counter('six"fold\\', 0.1, 0.6)])
    const common = ['--prometheus.url', url, '--rules.dir', rulesFile(directory), '--from', String(END - 2 * HOUR), '--to', String(END)]
    const { json, code, stderr } = await backtest([...common, '--set', 'cpu_ratio=7', '--json'])
    expect([code, stderr]).toEqual([0, ''])
    expect(json?.firings.map(({ alert, who }) => [alert, who]).toSorted()).toEqual([
      ['TooBusy', 'busy on h:1'],
      ['TooBusy', 'six"fold\\ on h:1'],
    ])
    for (const firing of json?.firings ?? []) {
      // The rate's window fills, then five minutes of `for`: within a quarter of an hour.
      const startedAt = Date.parse(firing.startsAt) / 1000
      expect(startedAt).toBeGreaterThan(END - HOUR + 300)
      expect(startedAt).toBeLessThan(END - HOUR + 900)
      expect(firing.endsAt).toBeNull()
    }
    expect(json?.changed).toMatchObject({ stay: 1, go: [{ who: 'six"fold\\ on h:1' }], come: [] })

    const plot = path.join(directory, 'plot.svg')
    const text = await backtest([...common, '--thresholds', edited(directory, 3), '--plot', plot])
    expect(text.code).toBe(0)
    expect(text.stdout).toContain('2 would stay (=), 0 would go (-), 0 would come (+)')
    expect(text.stdout).toMatch(/=\s+\d{4}-\d\d-\d\d \d\d:\d\d\s+\d+m\+\s+warning\s+TooBusy\s+busy on h:1/)
  }, 120_000)

  test('only what is asked for is fetched and replayed', async () => {
    const url = await startHistoryPrometheus([counter('busy', 0.1, 0.9), counter('other', 0.1, 0.9)])
    const rules = rulesFile(temporaryDirectory())
    const common = ['--prometheus.url', url, '--rules.dir', rules, '--from', String(END - 2 * HOUR), '--to', String(END)]
    const { json } = await backtest([...common, '--group', 'other', '--alert', 'TooBusy', '--json'])
    expect(json?.firings.map(({ who }) => who)).toEqual(['other on h:1'])
    const misspelt = await backtest([...common, '--alert', 'TooBuzy'])
    expect([misspelt.code, misspelt.stderr]).toEqual([1, expect.stringContaining('did you mean TooBusy?')])
    const unknown = await backtest([...common, '--set', 'cpu_ratoi=3'])
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('did you mean cpu_ratio?')])
  }, 120_000)

  test('a history without data, and a Prometheus that is not there, are said so', async () => {
    const url = await startHistoryPrometheus([])
    const rules = rulesFile(temporaryDirectory())
    const empty = await backtest(['--prometheus.url', url, '--rules.dir', rules, '--days', '1'])
    expect([empty.code, empty.stdout]).toEqual([1, ''])
    expect(empty.stderr).toContain('knows no procwarden_group_cpu_seconds_total')
    const gone = await backtest(['--prometheus.url', 'http://127.0.0.1:1', '--rules.dir', rules])
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('nothing listens there')])
  }, 60_000)
})

function edited(directory: string, ratio: number): string {
  const file = path.join(directory, 'thresholds.yml')
  const rules = [{ record: 'procwarden:threshold:ratio:default', labels: { signal: 'cpu' }, expr: `vector(${ratio})` }]
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'edited', rules }] }))
  return file
}
