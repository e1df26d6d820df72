import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { mailSettings, needsTls, type MailSettings } from '../../../src/remediator/notify/mail-settings.ts'
import { Mail } from '../../../src/remediator/notify/mail-config.ts'
import { Mailer } from '../../../src/remediator/notify/mailer.ts'
import { createSmtpTransport } from '../../../src/remediator/notify/smtp-transport.ts'
import { Database } from '../../../src/remediator/store/database.ts'
import { enqueueMail, type NewMail } from '../../../src/remediator/store/outbox.ts'
import { outboxLength } from '../../../src/remediator/store/outbox/outbox-length.ts'
import { certificate, certificateFile } from '../../support/certificates.ts'
import { FakeClock } from '../../support/clock.ts'
import { keptLog } from '../../support/log.ts'
import { startSmtpServer, type Misbehaviour } from '../../support/smtp.ts'
import { afterTest } from '../../support/temporary.ts'

const ORIGIN = { hostname: 'host-1', consoleUrl: 'http://127.0.0.1:9931/' }

function settingsFor(mail: Record<string, unknown>): MailSettings {
  const settings = mailSettings(Mail.parse({ from: 'warden@example.org', to: ['ops@example.org'], ...mail }), {}, undefined)
  if (!settings) throw new Error('mail is configured')
  return settings
}

/** A store with a mailer on it; `turns` lets it do all that is due now. */
function mailerOn(settings: MailSettings, sendTimeoutMs = 1_000) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'procwarden-mail-'))
  const database = Database.open(path.join(directory, 'procwarden.db'))
  const clock = new FakeClock()
  const log = keptLog()
  const mailer = new Mailer({ settings, origin: ORIGIN, database, clock, log, transport: createSmtpTransport(settings, sendTimeoutMs) })
  afterTest(async () => {
    await mailer.stop()
    database.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return {
    database,
    clock,
    log,
    add: (more: Partial<NewMail> = {}) =>
      enqueueMail(database, {
        dedupe: `d${Math.random()}`,
        recipient: 'ops@example.org',
        incident: 'i-1',
        subject: 'subject',
        body: 'body\n'.repeat(2_000),
        html: '<p>body</p>',
        messageId: `<${Math.random().toString(36).slice(2)}@host-1>`,
        createdAtMs: clock.now,
        ...more,
      }),
    turns: async () => {
      while (await mailer.turn());
    },
  }
}

const idOf = async (raw: string): Promise<string | undefined> => (await PostalMime.parse(raw)).messageId

describe('a mail server that', () => {
  test.each<[string, Misbehaviour | 'refuse']>([
    ['refuses for now', 'refuse'],
    ['greylists', 'greylist'],
    ['hangs', 'hang'],
    ['breaks off in the middle', 'drop'],
    ['is too busy to greet', 'refuse-greeting'],
  ])('%s gets every mail once, later', async (_what, how) => {
    const smtp = await startSmtpServer()
    const { add, turns, clock, database } = mailerOn(settingsFor({ smtp_url: smtp.url }))
    const recipients = ['ops@example.org', 'ada@example.org']
    for (const recipient of recipients) add({ recipient, messageId: `<for-${recipient}>` })
    if (how === 'refuse') smtp.refuse = true
    else smtp.misbehave = how
    await turns()
    expect(smtp.received).toEqual([])
    expect(outboxLength(database)).toBe(2)
    smtp.refuse = false
    if (how !== 'greylist') smtp.misbehave = undefined
    for (let tries = 0; tries < 4 && outboxLength(database) > 0; tries++) {
      clock.advance(3_600_000)
      await turns()
    }
    expect(smtp.received.map(({ to }) => to[0])).toEqual(expect.arrayContaining(recipients))
    expect(smtp.received).toHaveLength(2)
  })

  test('takes a mail and breaks off before it can say so gets it again, with the same Message-ID', async () => {
    const smtp = await startSmtpServer()
    const { add, turns, clock } = mailerOn(settingsFor({ smtp_url: smtp.url }))
    add({ messageId: '<the-same@host-1>' })
    smtp.misbehave = 'drop-after'
    await turns()
    smtp.misbehave = undefined
    clock.advance(5_000)
    await turns()
    expect(await Promise.all(smtp.received.map(({ raw }) => idOf(raw)))).toEqual(['<the-same@host-1>', '<the-same@host-1>'])
  })

  test.each([
    ['takes it', false, 1],
    ['refuses it', true, 0],
  ])('%s while the store cannot be written is asked once, and that is told once', async (_what, refuse, received) => {
    const recipients: string[] = []
    const smtp = await startSmtpServer({ onMailFrom: ({ address }, _session, callback) => (recipients.push(address), callback()) })
    const { add, turns, clock, database, log } = mailerOn(settingsFor({ smtp_url: smtp.url }))
    await turns()
    add()
    add()
    smtp.refuse = refuse
    database.get('PRAGMA query_only = ON')
    for (let seconds = 0; seconds < 5; seconds++) {
      await turns()
      clock.advance(1_000)
    }
    expect([recipients.length, smtp.received.length]).toEqual([1, received])
    expect(log.lines.filter(({ message }) => message.includes('cannot be written to the store'))).toHaveLength(1)
    expect(log.lines.filter(({ message }) => message.includes('could not be read'))).toEqual([])
    smtp.refuse = false
    database.get('PRAGMA query_only = OFF')
    clock.advance(3_600_000)
    await turns()
    expect(smtp.received).toHaveLength(2)
    expect(outboxLength(database)).toBe(0)
  })

  test('fails as a whole is asked by one mail at a time, at growing intervals', async () => {
    const smtp = await startSmtpServer()
    const { add, turns, clock } = mailerOn(settingsFor({ smtp_url: smtp.url }))
    for (let n = 0; n < 10; n++) add()
    smtp.misbehave = 'refuse-greeting'
    await turns()
    expect(smtp.connections).toBe(1)
    for (let seconds = 0; seconds < 60; seconds += 5) {
      clock.advance(5_000)
      await turns()
    }
    expect(smtp.connections).toBeLessThan(5)
    smtp.misbehave = undefined
    clock.advance(3_600_000)
    await turns()
    expect(smtp.received).toHaveLength(10)
  })

  test('fails as a whole is tried every minute with a call for a person, and with nothing else', async () => {
    const smtp = await startSmtpServer()
    const { add, turns, clock } = mailerOn(settingsFor({ smtp_url: smtp.url }))
    for (let n = 0; n < 3; n++) add({ createdAtMs: clock.now - 1 })
    smtp.misbehave = 'refuse-greeting'
    for (let failures = 0; failures < 6; failures++) {
      await turns()
      clock.advance(3_600_000)
    }
    await turns()
    const before = smtp.connections
    add({ kind: 'alert', messageId: '<call@host-1>' })
    clock.advance(59_000)
    await turns()
    expect(smtp.connections).toBe(before)
    for (let minutes = 0; minutes < 5; minutes++) {
      clock.advance(60_000)
      await turns()
    }
    expect(smtp.connections).toBe(before + 5)
    smtp.misbehave = undefined
    clock.advance(60_000)
    await turns()
    expect(await idOf(smtp.received[0]?.raw ?? '')).toBe('<call@host-1>')
  })

  test('fails as a whole is left alone no longer because a call was tried meanwhile', async () => {
    const smtp = await startSmtpServer()
    const { add, turns, clock, database } = mailerOn(settingsFor({ smtp_url: smtp.url }))
    add()
    smtp.misbehave = 'refuse-greeting'
    for (let failures = 0; failures < 6; failures++) {
      await turns()
      clock.advance(3_600_000)
    }
    await turns()
    add({ kind: 'alert' })
    clock.advance(3_599_000)
    await turns()
    smtp.misbehave = undefined
    clock.advance(1_000)
    await turns()
    expect(smtp.received).toHaveLength(1)
    expect(outboxLength(database)).toBe(1)
  })

  test('is always too slow for one mail has that one wait, and no other', async () => {
    const smtp = await startSmtpServer({
      onRcptTo: ({ address }, _session, callback) => void (address === 'slow@example.org' || callback()),
    })
    const { add, turns, clock } = mailerOn(settingsFor({ smtp_url: smtp.url }), 300)
    add({ recipient: 'slow@example.org' })
    await turns()
    add()
    await turns()
    expect(smtp.received).toEqual([])
    for (let tries = 0; tries < 2; tries++) {
      clock.advance(3_600_000)
      await turns()
    }
    add()
    await turns()
    expect(smtp.received).toHaveLength(2)
  })

  test('takes nothing for a week: the mail is given up, loudly', async () => {
    const smtp = await startSmtpServer()
    const { add, turns, clock, database, log } = mailerOn(settingsFor({ smtp_url: smtp.url, retry_days: 7 }))
    add()
    smtp.refuse = true
    for (let days = 0; days < 8; days++) {
      await turns()
      clock.advance(86_400_000)
    }
    expect(outboxLength(database)).toBe(0)
    expect(log.lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([expect.stringContaining('given up')])
  })

  test('takes its time while the clock is set a month ahead does not have the mail given up', async () => {
    const smtp = await startSmtpServer()
    const { add, turns, clock, database } = mailerOn(settingsFor({ smtp_url: smtp.url, retry_days: 7 }), 300)
    add()
    smtp.misbehave = 'hang'
    const underWay = turns()
    clock.now += 30 * 86_400_000
    await underWay
    expect(outboxLength(database)).toBe(1)
  })

  test('is fine gets all mails over one connection', async () => {
    const smtp = await startSmtpServer()
    const { add, turns } = mailerOn(settingsFor({ smtp_url: smtp.url }))
    for (let n = 0; n < 10; n++) add()
    await turns()
    expect([smtp.received.length, smtp.connections]).toEqual([10, 1])
  })
})

describe('user, password and TLS', () => {
  const password = 'hunter2-very-secret'

  test('a server that echoes the password in its refusal does not get it into the log or the store', async () => {
    const smtp = await startSmtpServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: (auth, _session, callback) => callback(new Error(`no ${auth.username} with ${auth.password ?? ''}`)),
    })
    const { add, turns, log, database } = mailerOn(settingsFor({ smtp_url: smtp.url, user: 'warden-user', password }))
    add()
    await turns()
    const stored = JSON.stringify(database.all('SELECT * FROM outbox'))
    expect(stored).toContain('<secret>')
    for (const text of [stored, JSON.stringify(log.lines)]) {
      expect(text).not.toContain(password)
      expect(text).not.toContain(Buffer.from(password).toString('base64'))
    }
    expect(log.lines.at(-1)?.message).toContain('mail.password_file')
  })

  test('STARTTLS with a certificate of one’s own authority; another one is refused', async () => {
    const smtp = await startSmtpServer({ disabledCommands: [], key: certificate('server', 'key'), cert: certificate('server') })
    const trusting = mailerOn(settingsFor({ smtp_url: smtp.url, tls: 'starttls', tls_ca_file: certificateFile('ca') }))
    trusting.add()
    await trusting.turns()
    expect(smtp.received).toHaveLength(1)
    const other = mailerOn(settingsFor({ smtp_url: smtp.url, tls: 'starttls', tls_ca_file: certificateFile('stranger') }))
    other.add()
    await other.turns()
    expect(smtp.received).toHaveLength(1)
    expect(other.log.lines.at(-1)?.message).toContain('mail.tls')
  })

  test('where TLS is needed and not offered, no mail goes', async () => {
    const smtp = await startSmtpServer()
    const { add, turns } = mailerOn(settingsFor({ smtp_url: smtp.url, tls: 'starttls' }))
    add()
    await turns()
    expect(smtp.received).toEqual([])
  })

  test.each([
    ['smtp://a:b@mail.example.org', 'auto', true],
    ['smtp://mail.example.org', 'auto', false],
    ['smtp://a:b@127.0.0.1', 'auto', false],
    ['smtp://a:b@mail.example.org', 'none', false],
  ] as const)('a password crosses a network encrypted or not at all: %s, %s', (smtpUrl, tls, needed) => {
    expect(needsTls({ smtpUrl, tls })).toBe(needed)
  })
})
