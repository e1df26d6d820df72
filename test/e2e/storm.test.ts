import { statSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitOf } from '../support/temporary.ts'
import { procwarden, processesWith, startLoop, type TestLoop } from '../support/loop.ts'
import { startSmtpServer, type TestSmtpServer } from '../support/smtp.ts'
import { waitFor } from '../support/wait-for.ts'
import { startRunawayWriter } from '../support/runaway-writer.ts'

/** From the 100th file to the writer's death, at the default interval of 5 s. */
const REACTION_MS_MAX = 15_000

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
