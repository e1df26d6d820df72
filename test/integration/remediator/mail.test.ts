import { writeFileSync } from 'node:fs'
import path from 'node:path'
import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { alertOf, payloadOf, post, settledIncident, startRemediator } from '../../support/remediator.ts'
import { startSmtpServer } from '../../support/smtp.ts'
import { temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
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
    const received = await waitFor('the mail', () => smtp.received[0])
    expect(received).toMatchObject({ from: 'warden@example.org', to: ['ops@example.org', 'ada@example.org'] })
    const mail = await PostalMime.parse(received.raw)
    expect(mail.subject).toContain(`stopped: sleep (pid ${accused.pid})`)
    for (const part of ['ended after TERM', 'sleep created 321 files.', '321 files', '100 files', incident.id])
      expect(mail.text).toContain(part)
  })

  test('a refusing mail server delays the mail, not the action, and no mail is doubled', async () => {
    const smtp = await startSmtpServer()
    smtp.refuse = true
    const remediator = await startRemediator({ configFile: mailConfig(smtp.url) })
    await post(remediator.url, remediator.token, payloadOf([alertOf({ labels: { remediate: 'notify' } })]))
    await settledIncident(remediator)
    await waitFor('the mail to wait', async () =>
      /procwarden_mail_outbox_length 1/.test(await (await fetch(`${remediator.url}/metrics`)).text()),
    )
    smtp.refuse = false
    await waitFor('the mail', () => smtp.received[0])
    await waitFor('the outbox to be empty', async () =>
      /procwarden_mail_outbox_length 0/.test(await (await fetch(`${remediator.url}/metrics`)).text()),
    )
    expect(smtp.received).toHaveLength(1)
  })

  test('labels cannot break out of a header', async () => {
    const smtp = await startSmtpServer()
    const remediator = await startRemediator({ configFile: mailConfig(smtp.url) })
    const group = 'x\r\nBcc: everybody@example.org\r\n\r\n<script>'
    await post(remediator.url, remediator.token, payloadOf([alertOf({ labels: { remediate: 'notify', group } })]))
    const received = await waitFor('the mail', () => smtp.received[0])
    expect(received.to).toEqual(['ops@example.org', 'ada@example.org'])
    const mail = await PostalMime.parse(received.raw)
    expect(mail.bcc).toBeUndefined()
    expect(mail.subject).toContain(String.raw`x\x0d\x0aBcc`)
  })
})
