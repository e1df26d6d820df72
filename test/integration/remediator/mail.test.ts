import { writeFileSync } from 'node:fs'
import path from 'node:path'
import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { alertOf, payloadOf, post, settledIncident, startRemediator } from '../../support/remediator.ts'
import { startSmtpServer } from '../../support/smtp.ts'
import { exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

function mailConfig(smtpUrl: string): string {
  const file = path.join(temporaryDirectory(), 'remediator.yml')
  writeFileSync(file, `mail: {smtp_url: "${smtpUrl}", from: warden@example.org, to: [ops@example.org, ada@example.org]}\n`)
  return file
}

describe('mail', () => {
  test('a kill is mailed with what happened, the figures and the incident', async () => {
    const smtp = await startSmtpServer()
    const remediator = await startRemediator({ configFile: mailConfig(smtp.url) })
    const accused = await temporaryProcess('sleep', ['600'])
    const annotations = {
      summary: 'sleep creates files',
      description: 'sleep created 321 files.',
      current: '321',
      threshold: '100',
      unit: 'files',
    }
    await post(
      remediator.url,
      remediator.token,
      payloadOf([alertOf({ labels: { group: 'sleep', pid: String(accused.pid) }, annotations })]),
    )
    const incident = await settledIncident(remediator)
    const received = await waitFor('a mail to each', () => smtp.received.length === 2 && smtp.received)
    expect(received.map(({ from }) => from)).toEqual(['warden@example.org', 'warden@example.org'])
    expect(received.flatMap(({ to }) => to)).toEqual(['ops@example.org', 'ada@example.org'])
    const mail = await PostalMime.parse(received[0]?.raw ?? '')
    expect(mail.subject).toContain(`stopped: sleep (pid ${accused.pid})`)
    for (const part of ['ended after TERM', 'sleep created 321 files.', '321 files', '100 files', incident.id])
      expect([mail.text, mail.html]).toEqual([expect.stringContaining(part), expect.stringContaining(part)])
  })

  test('a refusing mail server delays the mail, not the action, and no mail is doubled', async () => {
    const smtp = await startSmtpServer()
    smtp.refuse = true
    const remediator = await startRemediator({ configFile: mailConfig(smtp.url) })
    await post(remediator.url, remediator.token, payloadOf([alertOf({ labels: { remediate: 'notify' } })]))
    await settledIncident(remediator)
    await waitFor('the mail to wait', async () =>
      /procwarden_mail_outbox_length 2/.test(await (await fetch(`${remediator.url}/metrics`)).text()),
    )
    smtp.refuse = false
    await waitFor('the mail', () => smtp.received[0])
    await waitFor('the outbox to be empty', async () =>
      /procwarden_mail_outbox_length 0/.test(await (await fetch(`${remediator.url}/metrics`)).text()),
    )
    expect(smtp.received.map(({ to }) => to)).toEqual([['ops@example.org'], ['ada@example.org']])
  })

  test('labels cannot break out of a header', async () => {
    const smtp = await startSmtpServer()
    const remediator = await startRemediator({ configFile: mailConfig(smtp.url) })
    const group = 'x\r\nBcc: everybody@example.org\r\n\r\n<script>'
    await post(remediator.url, remediator.token, payloadOf([alertOf({ labels: { remediate: 'notify', group } })]))
    const received = await waitFor('the mail', () => smtp.received[0])
    expect(received.to).toEqual(['ops@example.org'])
    const mail = await PostalMime.parse(received.raw)
    expect(mail.bcc).toBeUndefined()
    expect(mail.subject).toContain(String.raw`x\x0d\x0aBcc`)
  })

  test('what is over is told once, in the same thread, to whoever was told of it', async () => {
    const smtp = await startSmtpServer()
    const remediator = await startRemediator({ configFile: mailConfig(smtp.url) })
    const startsAt = new Date()
    const labels = { remediate: 'notify' }
    await post(remediator.url, remediator.token, payloadOf([alertOf({ labels, startsAt })]))
    await waitFor('a mail to each', () => smtp.received.length === 2)
    for (let n = 0; n < 2; n++) await post(remediator.url, remediator.token, payloadOf([alertOf({ labels, startsAt, status: 'resolved' })]))
    await waitFor('a word of its end to each', () => smtp.received.length === 4)
    const [first, third] = await Promise.all(
      smtp.received.filter(({ to }) => to[0] === 'ada@example.org').map(({ raw }) => PostalMime.parse(raw)),
    )
    expect(third?.subject).toContain('recovered')
    expect([third?.inReplyTo, third?.references]).toEqual([first?.messageId, first?.messageId])
    expect(third?.messageId).not.toBe(first?.messageId)
    // Another incident, so that a third mail about the first would have come by now.
    await post(remediator.url, remediator.token, payloadOf([alertOf({ labels, fingerprint: 'beef' })]))
    await waitFor('the next mails', () => smtp.received.length === 6)
    const subjects = await Promise.all(smtp.received.map(async ({ raw }) => (await PostalMime.parse(raw)).subject ?? ''))
    expect(subjects.filter((subject) => subject.includes('recovered'))).toHaveLength(2)
  })

  test('a server that takes the mail and then says nothing keeps nobody else waiting', async () => {
    const smtp = await startSmtpServer()
    smtp.misbehave = 'hang'
    const remediator = await startRemediator({ configFile: mailConfig(smtp.url) })
    await post(remediator.url, remediator.token, payloadOf([alertOf({ labels: { remediate: 'notify' } })]))
    await waitFor('the mailer to be stuck', () => smtp.connections === 1)
    const accused = await temporaryProcess('sleep', ['600'])
    const begun = performance.now()
    await post(
      remediator.url,
      remediator.token,
      payloadOf([alertOf({ labels: { group: 'sleep', pid: String(accused.pid) }, fingerprint: 'beef' })]),
    )
    expect(await exitOf(accused)).toBe('SIGTERM')
    await remediator.close()
    // The mailer's own patience with a server is 30 s.
    expect(performance.now() - begun).toBeLessThan(25_000)
  })
})
