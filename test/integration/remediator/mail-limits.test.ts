import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { createHerald } from '../../../src/remediator/notify/herald.ts'
import { Mail } from '../../../src/remediator/notify/mail-config.ts'
import { mailSettings, type MailSettings } from '../../../src/remediator/notify/mail-settings.ts'
import { Mailer } from '../../../src/remediator/notify/mailer.ts'
import type { Ending } from '../../../src/remediator/stage.ts'
import { Database, databasePath } from '../../../src/remediator/store/database.ts'
import { createIncident } from '../../../src/remediator/store/incidents/create-incident.ts'
import { outboxLength } from '../../../src/remediator/store/outbox/outbox-length.ts'
import { FakeClock } from '../../support/clock.ts'
import { keptLog } from '../../support/log.ts'
import { startSmtpServer } from '../../support/smtp.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'

const HOUR_MS = 3_600_000
const ENDING: Ending = {
  event: 'notified',
  text: 'It happened.',
  status: 'done',
  decision: 'notify',
  reason: 'none',
  outcome: 'notified',
}

interface Kept {
  readonly atMs: number
  readonly to: string
  readonly raw: string
}

/** Incidents on a clock that is moved by hand, told through the whole of the mailing to a real server. */
async function startMailing(mail: Record<string, unknown>) {
  const smtp = await startSmtpServer()
  const settings: MailSettings | undefined = mailSettings(Mail.parse({ smtp_url: smtp.url, from: 'w@example.org', ...mail }), {}, undefined)
  if (!settings) throw new Error('mail is configured')
  const database = Database.open(databasePath(temporaryDirectory()))
  // What is measured here is who is told what, not what survives a power failure.
  database.get('PRAGMA synchronous = OFF')
  const clock = new FakeClock()
  const origin = { hostname: 'host-1', consoleUrl: 'http://127.0.0.1:9931/' }
  const mailer = new Mailer({ settings, origin, database, clock, log: keptLog() })
  afterTest(async () => {
    await mailer.stop()
    database.close()
  })
  const herald = createHerald({ mail: settings, origin, linksFor: undefined, onNotice: () => undefined, database, clock })
  const kept: Kept[] = []
  const turns = async (): Promise<void> => {
    while (await mailer.turn());
    for (const { to, raw } of smtp.received.splice(0)) kept.push({ atMs: clock.now, to: to[0] ?? '', raw })
  }
  const happen = (labels: Record<string, string> = {}): string => {
    const at = new Date(clock.now).toISOString()
    const all = { alertname: 'Storm', severity: 'warning', ...labels }
    const incident = createIncident(
      database,
      { fingerprint: `f${Math.random()}`, status: 'firing', labels: all, annotations: {}, startsAt: at },
      at,
    )
    database.transaction(() => herald.onEnding({ ...incident, policy: labels['policy'] ?? null }, ENDING))
    return incident.id
  }
  return { clock, kept, turns, happen, database }
}

/** The most mails to one recipient within any hour. */
function mostInAnHour(kept: readonly Kept[], to: string): number {
  const times = kept.filter((mail) => mail.to === to).map(({ atMs }) => atMs)
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + HOUR_MS).length))
}

describe('a thousand incidents in an hour', () => {
  test.each([
    [20, 60, 60],
    [3, 5, 300],
  ])(
    'at most %i mails to each and %i to all, and everything is told to everybody',
    async (perRecipient, all, digestSeconds) => {
      const to = ['ops@example.org', 'ada@example.org']
      const { clock, kept, turns, happen, database } = await startMailing({
        to,
        max_per_hour: all,
        max_per_hour_per_recipient: perRecipient,
        digest_seconds: digestSeconds,
      })
      const ids: string[] = []
      for (let n = 0; n < 1_000; n++) {
        ids.push(happen())
        clock.advance(HOUR_MS / 1_000)
        // The mailer looks once a second; here it is let look often enough to make every mistake.
        if (n % 10 === 0) await turns()
      }
      for (let minutes = 0; minutes < 150; minutes += 2) {
        clock.advance(120_000)
        await turns()
      }
      expect(outboxLength(database)).toBe(0)
      const bodies = await Promise.all(kept.map(async ({ to: recipient, raw }) => ({ recipient, ...(await PostalMime.parse(raw)) })))
      for (const recipient of to) {
        expect(mostInAnHour(kept, recipient)).toBeLessThanOrEqual(perRecipient)
        const told = bodies.filter((mail) => mail.recipient === recipient)
        const text = told.map((mail) => mail.text ?? '').join('\n')
        const html = told.map((mail) => mail.html ?? '').join('\n')
        expect(ids.filter((id) => !text.includes(id) || !html.includes(id))).toEqual([])
        expect(told.some((mail) => mail.subject?.includes('told together'))).toBe(true)
      }
      const times = kept.map(({ atMs }) => atMs)
      expect(Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + HOUR_MS).length))).toBeLessThanOrEqual(all)
      // What was held back did not wait for hours.
      expect((kept.at(-1)?.atMs ?? 0) - (kept[0]?.atMs ?? 0)).toBeLessThan(2.5 * HOUR_MS)
    },
    60_000,
  )
})

describe('who is told', () => {
  test('by severity and by policy; what fits no route goes to everybody; capitals make nobody two', async () => {
    const { kept, turns, happen } = await startMailing({
      to: ['all@example.org'],
      routes: [
        { severity: ['critical'], to: ['oncall@example.org', 'OnCall@example.org'] },
        { policy: ['restart-service'], to: ['web@example.org', 'oncall@example.org'] },
      ],
    })
    happen({ severity: 'critical' })
    happen({ severity: 'critical', policy: 'restart-service' })
    happen({ severity: 'info' })
    await turns()
    expect(kept.map(({ to }) => to.toLowerCase())).toEqual(['oncall', 'oncall', 'web', 'all'].map((name) => `${name}@example.org`))
  })

  test('an event that is switched off is told to nobody', async () => {
    const { kept, turns, happen } = await startMailing({ to: ['all@example.org'], events: { anomaly: false } })
    happen({ kind: 'anomaly' })
    happen({ kind: 'limit', alertname: 'ServiceOverCpuLimit' })
    await turns()
    expect(kept).toHaveLength(1)
    expect(kept[0]?.raw).toContain('ServiceOverCpuLimit')
  })
})
