import { readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { Journal } from '../../../src/remediator/audit/journal.ts'
import { mirrorPath } from '../../../src/remediator/audit/mirror.ts'
import { acknowledge } from '../../../src/remediator/acknowledge.ts'
import { createHumanAlerts } from '../../../src/remediator/notify/human-alerts.ts'
import { Mail } from '../../../src/remediator/notify/mail-config.ts'
import { mailSettings } from '../../../src/remediator/notify/mail-settings.ts'
import { Database, databasePath } from '../../../src/remediator/store/database.ts'
import { insertEscalation } from '../../../src/remediator/store/escalations.ts'
import { createIncident } from '../../../src/remediator/store/incidents/create-incident.ts'
import { FakeClock } from '../../support/clock.ts'
import { keptLog } from '../../support/log.ts'
import { accuse, script, startWith } from '../../support/policies.ts'
import { settledIncident, type TestRemediator } from '../../support/remediator.ts'
import { startSmtpServer } from '../../support/smtp.ts'
import { afterTest, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const HELPLESS = {
  name: 'helpless',
  match: ['remediate="kill"'],
  ladder: [{ action: 'command', argv: [script(['exit 1'])] }],
  verify: [{ kind: 'check', command: ['false'], within_seconds: 1 }],
  attempts: 1,
}
const alertFiles = (stateDir: string): string[] => readdirSync(stateDir).filter((name) => /ALERT|ACKNOWLEDGED/.test(name))

async function metric({ url }: TestRemediator): Promise<string | undefined> {
  return /^procwarden_human_alerts_open (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]
}

describe('when nothing helped', () => {
  test('a person is called by mail, file, metric and API until one acknowledges; nothing is lost then', async () => {
    const smtp = await startSmtpServer()
    const mail = { smtp_url: smtp.url, to: ['ops@example.org'], escalation_to: ['boss@example.org'], max_per_hour_per_recipient: 1 }
    const remediator = await startWith([HELPLESS], { config: { mail } })
    const accused = await temporaryProcess('sleep', ['600'])
    await accuse(remediator, accused.pid)
    const { id } = await settledIncident(remediator)
    const received = await waitFor('the call', () => smtp.received.find(({ to }) => to[0] === 'boss@example.org'))
    const { subject, text = '' } = await PostalMime.parse(received.raw)
    expect(subject).toContain('A PERSON HAS TO LOOK')
    expect(text).toContain(`procwarden acknowledge ${id}`)
    const [file = ''] = alertFiles(remediator.stateDir)
    expect(file).toMatch(new RegExp(`^ALERT-\\d{8}T\\d{6}-${id}\\.txt$`))
    expect(readFileSync(path.join(remediator.stateDir, file), 'utf8')).toContain(`procwarden acknowledge ${id}`)
    expect(statSync(path.join(remediator.stateDir, file)).mode & 0o777).toBe(0o600)
    expect(await metric(remediator)).toBe('1')

    const post = (): Promise<Response> =>
      fetch(`${remediator.url}/api/incidents/${id}/acknowledge`, {
        method: 'POST',
        headers: { authorization: `Bearer ${remediator.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ by: 'ann', how: 'console', note: 'seen it' }),
      })
    expect((await post()).status).toBe(200)
    expect((await post()).status).toBe(409)
    expect(await metric(remediator)).toBe('0')
    const settled = await waitFor('the file to be put away', () =>
      alertFiles(remediator.stateDir).find((name) => name.startsWith('ACKNOWLEDGED-')),
    )
    expect(alertFiles(remediator.stateDir)).toEqual([settled])
    expect(readFileSync(path.join(remediator.stateDir, settled), 'utf8')).toMatch(/Acknowledged by ann \(console\)/)
    const { timeline } = await settledIncident(remediator)
    expect(timeline.find(({ event }) => event === 'acknowledged')?.data).toEqual({ by: 'ann', how: 'console', note: 'seen it' })
  })
})

/** Calls on a clock that is moved by hand; `mails` are the calls so far. */
function startCalling() {
  const stateDir = temporaryDirectory()
  const database = Database.open(databasePath(stateDir))
  // What is measured here is who is told, not what survives a power failure.
  database.get('PRAGMA synchronous = OFF')
  const clock = new FakeClock()
  const log = keptLog()
  const journal = new Journal(database, mirrorPath(stateDir), clock, log)
  afterTest(() => {
    journal.close()
    database.close()
  })
  const mail = mailSettings(Mail.parse({ smtp_url: 'smtp://127.0.0.1:1', to: ['ops@example.org'], from: 'w@example.org' }), {}, undefined)
  const origin = { hostname: 'host-1', consoleUrl: 'http://127.0.0.1:9931/' }
  const options = { mail, repeatMs: 3_600_000, origin, stateDir, database, journal, clock, log, onNotice: () => undefined }
  const hand = (): string => {
    const at = new Date(clock.now).toISOString()
    const alert = { fingerprint: `f${Math.random()}`, status: 'firing', labels: { alertname: 'A' }, annotations: {}, startsAt: at } as const
    const { id } = createIncident(database, alert, at)
    insertEscalation(database, { incident: id, at, level: 'person', reason: 'verify_failed', text: 'It did not help.' })
    return id
  }
  const mails = () => database.all("SELECT subject, body FROM outbox WHERE kind = 'alert' ORDER BY id")
  return { stateDir, database, clock, journal, hand, mails, call: createHumanAlerts(options), again: () => createHumanAlerts(options) }
}

describe('calling', () => {
  test('is repeated every hour until it is acknowledged, over restarts', () => {
    const { clock, hand, mails, call, again, database, journal } = startCalling()
    const id = hand()
    for (let minutes = 0; minutes <= 150; minutes++) {
      // A restart in between makes no difference.
      if (minutes === 45) again()()
      call()
      clock.advance(60_000)
    }
    expect(mails()).toHaveLength(3)
    acknowledge(id, { by: 'ann', how: 'cli' }, { database, journal, clock })
    clock.advance(86_400_000)
    call()
    expect(mails()).toHaveLength(3)
  })

  test('for a few goes one by one, for a crowd together: every call is in some mail, and nobody gets a thousand', () => {
    const { clock, hand, mails, call, stateDir } = startCalling()
    const few = [hand(), hand()]
    call()
    expect(mails()).toHaveLength(2)
    const crowd: string[] = []
    for (let seconds = 0; seconds < 300; seconds++) {
      crowd.push(hand())
      call()
      clock.advance(1_000)
    }
    clock.advance(60_000)
    call()
    const bodies = mails()
      .map(({ body }) => String(body))
      .join('\n')
    expect([...few, ...crowd].filter((id) => !bodies.includes(id))).toEqual([])
    expect(mails().length).toBeLessThan(20)
    expect(readdirSync(stateDir).filter((name) => name.startsWith('ALERT-'))).toHaveLength(302)
  })
})
