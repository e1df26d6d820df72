import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listQueries, substituteVariables, type DashboardQuery } from '../../grafana/queries.ts'
import { exitOf } from '../support/temporary.ts'
import { procwarden, processesWith, startLoop, type TestLoop } from '../support/loop.ts'
import { startSmtpServer, type TestSmtpServer } from '../support/smtp.ts'
import { startQuickPrometheus } from '../support/quick-prometheus.ts'
import { waitFor } from '../support/wait-for.ts'
import { startRunawayWriter } from '../support/runaway-writer.ts'

/** From the 100th file to the writer's death, at the default interval of 5 s. */
const REACTION_MS_MAX = 15_000
const DASHBOARD = path.resolve(import.meta.dirname, '../../grafana/dashboards/procwarden-overview.json')
/** Queries that rightly stay empty within the minutes this test takes, and why. */
const EMPTY_HERE = new Set([
  'panel "Collectors" B', // no collector failed
  'panel "What is not seen" A', // no cap was reached
  'panel "What is not seen" B', // every process may be read
])

describe('a runaway writer, from the first file to the mail', () => {
  let smtp: TestSmtpServer
  let loop: TestLoop

  beforeAll(async () => {
    smtp = await startSmtpServer({ keep: true })
    loop = await startLoop({
      environment: { PROCWARDEN_SMTP_URL: smtp.url, PROCWARDEN_MAIL_FROM: 'warden@example.org', PROCWARDEN_MAIL_TO: 'ops@example.org' },
    })
  }, 90_000)

  afterAll(async () => {
    await loop?.stop()
    await smtp?.close()
  })

  test('the writer ends within 15 s of its 100th file, and nobody else does', async () => {
    // Five files a minute: what a healthy program may do.
    const bystander = await startRunawayWriter(loop.watched, 12_000)
    const storm = await startRunawayWriter(loop.watched, 20)
    expect(await exitOf(storm)).toBe('SIGTERM')
    const diedAt = Date.now()
    const hundredth = statSync(path.join(loop.watched, `doc-${storm.pid}-000100`)).birthtimeMs
    expect(diedAt - hundredth).toBeLessThan(REACTION_MS_MAX)
    expect([bystander.exitCode, bystander.signalCode]).toEqual([null, null])

    const incident = await waitFor('the incident to be closed', () => loop.incidents().find((candidate) => candidate.outcome === 'killed'))
    expect(incident).toMatchObject({
      status: 'done',
      mode: 'auto',
      decision: 'act',
      action: 'kill',
      severity: 'critical',
      target: { group: 'runaway-writer.cjs', pid: storm.pid },
    })
    expect(incident.timeline.map((entry) => entry.event)).toEqual(expect.arrayContaining(['opened', 'intent', 'signal.sent', 'verified']))
    const mail = await waitFor('the mail', () => smtp.received.find((received) => received.raw.includes(incident.id)))
    expect(mail.raw).toContain(`stopped: runaway-writer.cjs (pid ${storm.pid})`)
    expect(procwarden(['audit', 'verify', '--state.dir', loop.report.stateDir])).toMatchObject({ code: 0 })
  }, 60_000)

  test('every query of the dashboard succeeds and returns series', async () => {
    const queries = listQueries(JSON.parse(readFileSync(DASHBOARD, 'utf8'))).filter((query) => !EMPTY_HERE.has(query.place))
    expect(queries.length).toBeGreaterThan(10)
    const prometheus = await startQuickPrometheus(loop.report.stateDir)
    // It has not seen the storm; whoever writes at a healthy pace has series too.
    await startRunawayWriter(loop.watched, 6_000)
    let empty: string[] = []
    await waitFor(
      'all queries to return series',
      async () => {
        const answers = await Promise.all(queries.map(async (query) => ({ query, series: await seriesOf(prometheus, query) })))
        empty = answers.filter((answer) => answer.series === 0).map(({ query }) => `${query.place}: ${query.expr}`)
        return empty.length === 0
      },
      90_000,
    ).catch(() => undefined)
    expect(empty).toEqual([])
  }, 120_000)

  test('a remediator that is killed comes back by itself', async () => {
    const [pid] = processesWith(`main.ts remediator .*--state.dir ${loop.report.stateDir}`)
    process.kill(Number(pid), 'SIGKILL')
    await waitFor('another remediator', async () => {
      const [now] = processesWith(`main.ts remediator .*--state.dir ${loop.report.stateDir}`)
      return now !== undefined && now !== pid && (await fetch(`${loop.report.remediator}/-/ready`).catch(() => undefined))?.ok === true
    })
    expect(procwarden(['audit', 'verify', '--state.dir', loop.report.stateDir])).toMatchObject({ code: 0 })
  }, 30_000)

  test('TERM ends everything within 10 s and leaves no process', async () => {
    const startedAt = performance.now()
    expect(await loop.stop()).toBe(0)
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    expect(processesWith(loop.report.stateDir)).toEqual([])
  }, 30_000)
})

/** How many series the query returns over the last five minutes; it must succeed. */
async function seriesOf(prometheus: string, query: DashboardQuery): Promise<number> {
  const now = Date.now() / 1000
  const parameters = new URLSearchParams({
    query: substituteVariables(query.expr),
    start: String(now - 300),
    end: String(now),
    step: '5',
    time: String(now),
  })
  const response = await fetch(`${prometheus}/api/v1/${query.instant ? 'query' : 'query_range'}?${parameters.toString()}`)
  const answer = (await response.json()) as { status: string; error?: string; data?: { result: unknown[] } }
  if (answer.status !== 'success') throw new Error(`${query.place}: ${answer.error}`)
  return answer.data?.result.length ?? 0
}
