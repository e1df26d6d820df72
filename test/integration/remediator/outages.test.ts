import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { closedPort } from '../../support/http-endpoint.ts'
import { fakeWallClock, findFaketime } from '../../support/faketime.ts'
import { alertOf, incidentsOf, payloadOf, post, settledIncident, spawnRemediator, startRemediator } from '../../support/remediator.ts'
import { startSmtpServer } from '../../support/smtp.ts'
import { exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const sleeper = () => temporaryProcess('sleep', ['600'])

function accuse(to: { url: string; token: string }, pid: number, startsAt = new Date(Date.now() + 1_000)): Promise<Response> {
  const labels = { group: 'sleep', pid: String(pid) }
  return post(to.url, to.token, payloadOf([alertOf({ labels, fingerprint: `f${pid.toString(16)}`, startsAt })]))
}

function configured(text: string): string {
  const file = path.join(temporaryDirectory(), 'remediator.yml')
  writeFileSync(file, text)
  return file
}

describe('when others are down', () => {
  test('Prometheus, Alertmanager and the mail server together do not keep the accused from being stopped', async () => {
    const nowhere = `http://127.0.0.1:${await closedPort()}`
    const configFile = configured(`mail: {smtp_url: "smtp://127.0.0.1:${await closedPort()}", to: [ops@example.org]}\n`)
    const remediator = await startRemediator({ configFile, prometheusUrl: nowhere, alertmanagerUrl: nowhere })
    const accused = await sleeper()
    expect((await accuse(remediator, accused.pid)).status).toBe(200)
    expect(await exitOf(accused)).toBe('SIGTERM')
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'killed' })
    const metrics = await (await fetch(`${remediator.url}/metrics`)).text()
    expect(metrics).toMatch(/^procwarden_mail_outbox_length 1$/m)
  })

  test('a mail that waited for its server is sent once the server is back, after a restart too', async () => {
    const stateDir = temporaryDirectory()
    const smtp = await startSmtpServer()
    smtp.refuse = true
    const configFile = configured(`mail: {smtp_url: "${smtp.url}", to: [ops@example.org]}\n`)
    const first = await startRemediator({ stateDir, configFile })
    const accused = await sleeper()
    await accuse(first, accused.pid)
    await settledIncident(first)
    await first.close()
    smtp.refuse = false
    await startRemediator({ stateDir, configFile })
    await waitFor('the mail', () => smtp.received[0])
    expect(smtp.received).toHaveLength(1)
  })
})

describe('a wall clock that is set by a day while the remediator runs', { timeout: 90_000 }, () => {
  let library: string | undefined
  beforeAll(async () => {
    library = await findFaketime()
  }, 120_000)

  test.for([1, -1])('%i day: cooldowns hold, alerts are handled, nothing is repeated, the trail stays whole', async (days, { skip }) => {
    if (library === undefined) skip('libfaketime is not here: install the Debian package libfaketime')
    const clock = fakeWallClock(library ?? '')
    const configFile = configured(
      'policies:\n  - {name: kill-one, match: [remediate="kill"], ladder: [kill], verify: [gone], cooldown: {max: 1, window_seconds: 600, duration_seconds: 600}}\n',
    )
    const stateDir = temporaryDirectory()
    const remediator = await spawnRemediator(stateDir, ['--config.file', configFile], clock.environment)
    const [first, second] = [await sleeper(), await sleeper()]
    await accuse(remediator, first.pid)
    expect(await exitOf(first)).toBe('SIGTERM')
    await waitFor('the first to be on record', async () => (await incidentsOf(remediator)).find(({ outcome }) => outcome === 'killed'))
    clock.jump(days)
    // The alert's times come from Prometheus, whose clock has jumped as well.
    expect((await accuse(remediator, second.pid, new Date(Date.now() + days * 86_400_000 + 1_000))).status).toBe(200)
    const cooling = await waitFor('the second to wait for the cooldown', async () =>
      (await incidentsOf(remediator)).find(({ reason }) => reason === 'cooldown'),
    )
    expect(cooling.status).toBe('deferred')
    expect(second.signalCode).toBeNull()
    const audit = await fetch(`${remediator.url}/api/audit?event=clock.jumped`, {
      headers: { authorization: `Bearer ${remediator.token}` },
    })
    expect(await audit.json()).toHaveLength(1)
    const status = await fetch(`${remediator.url}/metrics`)
    expect(await status.text()).toMatch(/^procwarden_cooldowns_active 1$/m)
    const kills = (await incidentsOf(remediator)).flatMap(({ timeline }) => timeline.filter(({ event }) => event === 'signal.sent'))
    expect(kills).toHaveLength(1)
  })
})
