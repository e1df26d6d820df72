import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { request } from 'node:http'
import path from 'node:path'
import PostalMime from 'postal-mime'
import { beforeEach, describe, expect, test } from 'vitest'
import { accuse, startWith } from '../../support/policies.ts'
import { incidentsOf, settledIncident, type TestRemediator } from '../../support/remediator.ts'
import { startSmtpServer, type TestSmtpServer } from '../../support/smtp.ts'
import { exitOf, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const KILL = { name: 'stop', match: ['remediate="kill"'], action: 'kill' }
const BASE = 'http://warden.example.org/'
const stateOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .slice(0, 1)

let smtp: TestSmtpServer
let remediator: TestRemediator

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** As a browser would, by the name that people know it by. */
function open(
  link: string,
  { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  const { pathname } = new URL(link)
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const form = method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}
  const sent = request(
    new URL(pathname, remediator.url),
    { method, headers: { host: 'warden.example.org', ...form, ...headers } },
    (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    },
  )
  sent.on('error', reject)
  sent.end(body)
  return promise
}
const press = (link: string, headers: Record<string, string> = {}) =>
  open(link, { method: 'POST', body: 'confirm=yes', headers: { origin: 'http://warden.example.org', ...headers } })

/** A process that is asked about, and the links of the mail about it. */
async function question(fingerprint = 'f00d') {
  const accused = await temporaryProcess('sleep', ['600'])
  const before = smtp.received.length
  await accuse(remediator, accused.pid, { fingerprint })
  const received = await waitFor('the mail', () => smtp.received[before])
  const mail = await PostalMime.parse(received.raw)
  const [approve = '', deny = ''] = (mail.text ?? '').match(/http:\/\/warden\.example\.org\/answer\/\S+/g) ?? []
  const incident = (await incidentsOf(remediator)).find((each) => each.fingerprint === fingerprint)
  return { accused, approve, deny, mail, id: incident?.id ?? '' }
}

describe('a link in the mail about a question', () => {
  beforeEach(async () => {
    smtp = await startSmtpServer()
    const config = { mail: { smtp_url: smtp.url, to: ['ada@example.org'] }, approval: { link_base_url: BASE, expire_seconds: 900 } }
    remediator = await startWith([KILL], { mode: 'confirm', config })
  })

  test('shows what would be done and does nothing, however often it is followed', async () => {
    const { accused, approve, mail, id } = await question()
    expect(mail.html).toContain(approve)
    for (const method of ['GET', 'HEAD', 'GET', 'OPTIONS', 'PUT', 'DELETE']) {
      await open(approve, { method })
    }
    const { body } = await open(approve)
    for (const part of ['kill', `sleep (pid ${accused.pid})`, 'frozen', id]) expect(body).toContain(part)
    expect(stateOf(accused.pid)).toBe('T')
    expect((await incidentsOf(remediator))[0]?.status).toBe('awaiting_approval')
  })

  test('is answered by its button, once; who had the link and that it was one is on record', async () => {
    const { accused, approve, deny } = await question()
    expect((await press(approve)).status).toBe(200)
    expect(await exitOf(accused)).toBe('SIGTERM')
    const { approvedBy, timeline } = await settledIncident(remediator)
    expect(approvedBy).toBe('ada@example.org')
    expect(timeline.find(({ event }) => event === 'approved')?.data).toMatchObject({ by: 'ada@example.org', how: 'link' })
    for (const link of [approve, deny]) {
      expect((await press(link)).status).toBe(410)
      expect((await open(link)).body).toContain('has been answered')
    }
  })

  test('the other link leaves it alone, and it goes on', async () => {
    const { accused, deny, approve } = await question()
    expect((await press(deny)).status).toBe(200)
    await waitFor('it to go on', () => stateOf(accused.pid) === 'S')
    expect((await press(approve)).status).toBe(410)
  })

  test('pressed by many at the same moment counts once', async () => {
    const { approve, deny } = await question()
    const statuses = (await Promise.all([press(approve), press(deny), press(approve), press(deny)])).map(({ status }) => status)
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 410, 410, 410])
  })

  test('is worth nothing for another question, another answer, another person or a later time', async () => {
    const first = await question('f00d')
    const second = await question('beef')
    const tokenOf = (link: string): string[] => (link.split('/').at(-1) ?? '').split('.')
    const [version, number, letter, expires, person, signature] = tokenOf(first.deny)
    const forged = [
      [version, tokenOf(second.approve)[1], 'a', expires, person, tokenOf(first.approve)[5]],
      [version, number, 'a', expires, person, signature],
      [version, number, letter, String(Number(expires) + 86_400_000), person, signature],
      [version, number, letter, expires, Buffer.from('eve@example.org').toString('base64url'), signature],
      [version, number, letter, expires, person, `${signature?.slice(0, -1)}${signature?.endsWith('A') === true ? 'B' : 'A'}`],
      [version, '99', letter, expires, person, signature],
    ]
    for (const token of forged) {
      const link = `${BASE}answer/${token.join('.')}`
      expect([(await open(link)).status, (await press(link)).status]).toEqual([404, 404])
    }
    for (const junk of ['', 'x', 'v1.1.a.1..', '%00', 'a'.repeat(5_000), '../api/status'])
      expect([404, 400, 403, 401]).toContain((await press(`${BASE}answer/${junk}`)).status)
    expect([first.accused.pid, second.accused.pid].map(stateOf)).toEqual(['T', 'T'])
  })

  test('a page of another origin can neither read nor act with it, even if it knew it', async () => {
    const { approve, accused } = await question()
    const elsewhere: Array<Record<string, string>> = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://warden.example.org', 'sec-fetch-site': 'cross-site' },
      { origin: 'http://warden.example.org.evil.example' },
      { host: 'evil.example', origin: 'http://evil.example' },
    ]
    for (const headers of elsewhere) expect([headers, (await press(approve, headers)).status]).toEqual([headers, 403])
    // Neither a form without the button, nor one of another kind.
    expect((await open(approve, { method: 'POST', body: '' })).status).toBe(400)
    expect(
      (await open(approve, { method: 'POST', body: '{"confirm":"yes"}', headers: { 'content-type': 'application/json' } })).status,
    ).toBe(400)
    const { headers } = await open(approve)
    expect(headers['access-control-allow-origin']).toBeUndefined()
    expect(headers['cross-origin-resource-policy']).toBe('same-origin')
    expect(stateOf(accused.pid)).toBe('T')
  })

  test('its page has no script, loads nothing, is framed by nobody, and tells its address to nobody else', async () => {
    const { approve } = await question()
    const { headers, body } = await open(approve)
    const csp = String(headers['content-security-policy'])
    for (const part of ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"])
      expect(csp).toContain(part)
    const style = /<style>([\s\S]*)<\/style>/.exec(body)?.[1] ?? ''
    expect(csp).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`)
    expect(csp).not.toMatch(/unsafe|script-src|\*/)
    expect(headers).toMatchObject({ 'referrer-policy': 'same-origin', 'cache-control': 'no-store', 'x-frame-options': 'DENY' })
    expect(body).not.toMatch(/<script|src=|<link|<a /i)
  })

  test('is worth nothing once its time is over', async () => {
    const short = { mail: { smtp_url: smtp.url, to: ['ada@example.org'] }, approval: { link_base_url: BASE, expire_seconds: 10 } }
    await remediator.close()
    remediator = await startWith([KILL], { mode: 'confirm', config: short })
    const { approve, accused } = await question()
    await waitFor('it to go on', () => stateOf(accused.pid) === 'S', 25_000)
    expect((await press(approve)).status).toBe(410)
    expect((await open(approve)).body).toContain('Too late')
    expect((await settledIncident(remediator)).reason).toBe('approval_expired')
  })

  test('is signed with a secret that only its owner can read, and guessing is slowed down', async () => {
    const { approve } = await question()
    expect(statSync(path.join(remediator.stateDir, 'link-secret')).mode & 0o777).toBe(0o600)
    const statuses = (await Promise.all(Array.from({ length: 60 }, () => open(`${approve}x`)))).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([404, 429]))
  })
})

test('without an address for people there are no links and nothing at theirs', async () => {
  smtp = await startSmtpServer()
  remediator = await startWith([KILL], { mode: 'confirm', config: { mail: { smtp_url: smtp.url, to: ['ada@example.org'] } } })
  const { mail } = await question()
  expect(mail.text).not.toContain('/answer/')
  expect((await fetch(`${remediator.url}/answer/v1.1.a.1.x.${'x'.repeat(43)}`)).status).toBe(404)
})
