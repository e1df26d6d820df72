/**
 * Tests the dashboards on a real loop after a real anomaly: a storm of files that was stopped, and a program that uses far more
 * than it has in eight days. Every query of every target, variable and annotation is run against Prometheus.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { listQueries, substituteVariables, type DashboardQuery } from '../../grafana/queries.ts'
import { BOARDS } from '../../grafana/uids.ts'
import { committedDashboards, shownPanels } from '../support/dashboards.ts'
import { transformed, type InstantSeries } from '../support/grafana-data.ts'
import { httpEndpoint } from '../support/http-endpoint.ts'
import { startLoop } from '../support/loop.ts'
import { MAY_BE_EMPTY } from '../support/may-be-empty.ts'
import { startQuickPrometheus } from '../support/quick-prometheus.ts'
import { startRunawayWriter } from '../support/runaway-writer.ts'
import { afterTest, endProcess, exitOf, temporaryDirectory, temporaryProcess } from '../support/temporary.ts'
import { waitFor } from '../support/wait-for.ts'

const TROUBLED = path.resolve(import.meta.dirname, '../fixtures/report-builder.mjs')
const GROUP = path.basename(TROUBLED)
/** What is looked at of all that runs on the machine: the scripted programs, and the loop's own. */
const GROUPS = [
  GROUP,
  'runaway-writer.cjs',
  'procwarden',
  'exporter',
  'remediator',
  'prometheus',
  'alertmanager',
  'prometheus-alertmanager',
]
const MEGABYTE = 1e6
/** What the troubled program has always used. */
const CALM: Readonly<Record<string, readonly [number, number]>> = {
  cpu: [0.04, 0.06],
  memory: [45 * MEGABYTE, 55 * MEGABYTE],
  writes: [0.1, 0.3],
  reads: [0.1, 0.3],
  files: [0, 0.01],
  fds: [18, 22],
  threads: [6, 8],
}
/** Where the answers are written to, for the pictures in the docs; then they are of a longer time. */
const ANSWERS_FILE = process.env['PROCWARDEN_ANSWERS_FILE']
const LONGER_MS = 200_000
/** Graphs show the last minutes. */
const SHOWN_SECONDS = ANSWERS_FILE === undefined ? 300 : 420
const STEP_SECONDS = 5

interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: readonly [number, string]
  readonly values?: ReadonlyArray<readonly [number, string]>
}

test('after an anomaly and its remediation every query succeeds and returns series, and tables have their columns', async () => {
  const loop = await startLoop({ args: ['--config.exporter', await exporterConfig()] })
  afterTest(async () => void (await loop.stop()))
  const instance = new URL(loop.report.exporter).host
  const past = Object.entries(CALM).map(([signal, calm]) => ({ signal, calm, group: GROUP, instance }))
  const prometheus = await startQuickPrometheus(loop.report.stateDir, { signals: past, groups: GROUPS })
  await misbehave(loop.watched, prometheus)
  await waitFor('the storm to be stopped', () => loop.incidents().find(({ outcome }) => outcome === 'killed'), 60_000)
  if (ANSWERS_FILE !== undefined) await delay(LONGER_MS)

  const queries = committedDashboards().flatMap((dashboard) => listQueries(dashboard.json))
  let empty = queries
  await waitFor(
    'all queries to return series',
    async () => {
      const answers = await askAll(prometheus, empty, instance)
      empty = empty.filter(({ place }) => answers.get(place)?.length === 0)
      return empty.every(({ place }) => place in MAY_BE_EMPTY)
    },
    240_000,
  ).catch(() => undefined)
  expect(empty.map(({ place }) => place).filter((place) => !(place in MAY_BE_EMPTY))).toEqual([])

  const answers = await askAll(prometheus, queries, instance)
  if (ANSWERS_FILE !== undefined) writeFileSync(ANSWERS_FILE, JSON.stringify({ answers: Object.fromEntries(answers) }))
  for (const dashboard of committedDashboards()) {
    for (const panel of shownPanels(dashboard).filter(({ type }) => type === 'table')) {
      const instant = panel.targets.map(
        ({ refId }) => [refId, instantOf(answers.get(`${dashboard.uid}: panel "${panel.title}" ${refId}`))] as const,
      )
      const { columns, rows } = await transformed(panel.transformations, new Map(instant))
      const titles = panel.fieldConfig?.overrides.map(({ matcher }) => matcher.options)
      expect(titles).toEqual(expect.arrayContaining([...columns]))
      // A row that came apart would be there twice.
      expect(rows).toHaveLength(Math.max(...instant.map(([, series]) => series.length)))
    }
  }
}, 600_000)

/** Of these, one is stopped by procwarden, one crashes and one is killed; the others go on until the test ends. */
async function misbehave(watched: string, prometheus: string): Promise<void> {
  const [, crashing, killed] = await Promise.all([1, 2, 3].map(() => temporaryProcess(process.execPath, [TROUBLED, watched])))
  // An exit before the first measurement would be no increase.
  const measured: DashboardQuery = { uid: '', place: 'the program', expr: `procwarden_group_exits_total{group="${GROUP}"}`, instant: true }
  await waitFor('the program to be measured', async () => (await ask(prometheus, measured, '', Date.now() / 1000)).length > 0, 60_000)
  const storm = await startRunawayWriter(watched, 20)
  // Whoever writes at a healthy pace has series when the storm is over.
  await startRunawayWriter(watched, 6_000)
  crashing?.kill('SIGSEGV')
  if (killed !== undefined) await endProcess(killed)
  expect(await exitOf(storm)).toBe('SIGTERM')
}

/** One endpoint that is well, one service that is not there. */
async function exporterConfig(): Promise<string> {
  const url = await httpEndpoint((_, response) => void response.end('well'))
  const file = path.join(temporaryDirectory(), 'exporter.yml')
  const probes = [{ name: 'web', url, interval_seconds: 2 }]
  const services = [{ name: 'billing', match: { cmdline: 'no-such-billing-server' }, limits: { cpu_ratio: 0.8 } }]
  writeFileSync(file, JSON.stringify({ probes, services }))
  return file
}

/** As Grafana does when a dashboard is opened: all at one moment. By place. */
async function askAll(prometheus: string, queries: readonly DashboardQuery[], instance: string): Promise<Map<string, readonly Series[]>> {
  const now = Date.now() / 1000
  const answers = new Map<string, readonly Series[]>()
  for (const query of queries) answers.set(query.place, await ask(prometheus, query, instance, now))
  return answers
}

async function ask(prometheus: string, query: DashboardQuery, instance: string, now: number): Promise<readonly Series[]> {
  const values: Record<string, string> = query.uid === BOARDS.group.uid ? { instance, group: GROUP } : {}
  const body = new URLSearchParams({
    query: substituteVariables(query.expr, values),
    start: String(now - SHOWN_SECONDS),
    end: String(now),
    step: String(STEP_SECONDS),
    time: String(now),
  })
  const response = await fetch(`${prometheus}/api/v1/${query.instant ? 'query' : 'query_range'}`, { method: 'POST', body })
  const answer = (await response.json()) as { status: string; error?: string; data?: { result: Series[] } }
  if (answer.status !== 'success') throw new Error(`${query.place}: ${answer.error}`)
  return answer.data?.result ?? []
}

function instantOf(series: readonly Series[] = []): InstantSeries[] {
  return series.flatMap(({ metric, value }) => (value === undefined ? [] : [{ metric, value }]))
}
