import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadSettings } from '../../../src/remediator/config.ts'
import { isMailAddress, SenderAddress } from '../../../src/remediator/notify/mail-address.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const OPTIONS = { stateDir: '/nowhere', address: { host: '127.0.0.1', port: 0 } }

function load(text: string, environment: Record<string, string> = {}) {
  const configFile = path.join(temporaryDirectory(), 'remediator.yml')
  writeFileSync(configFile, text)
  return loadSettings({ ...OPTIONS, configFile }, environment)
}

function faultsOf(text: string, environment: Record<string, string> = {}): string[] {
  try {
    load(text, environment)
  } catch (error) {
    return (error as Error).message.split('\n')
  }
  throw new Error('it was accepted')
}

describe('the mail configuration', () => {
  test('tells all its faults at once, with their lines', () => {
    const faults = faultsOf(`mail:
  smtp_url: smtp://mail.example.org
  host: mail.example.org
  to: [ops@example.org, "x@example.org\\r\\nBcc: all@example.org"]
  events: {crsh: true}
  routes:
    - {to: [ops@example.org]}
    - {policy: [nonesuch], to: [a@example.org, nobody]}
desktop: {users: ["root; rm"]}
approval: {link_base_url: "javascript:alert(1)"}
`)
    const expected = [
      'mail.to.1: is not a mail address',
      'crsh: Unrecognized key',
      'mail.routes.0',
      'mail.routes.1.to.1',
      'desktop.users.0',
      'link_base_url',
    ]
    expect(expected.filter((part) => !faults.some((fault) => fault.includes(part)))).toEqual([])
    expect(faults.every((fault) => /remediator\.yml:\d+: /.test(fault))).toBe(true)
  })

  test.each([
    ['mail: {smtp_url: "smtp://a", host: b, to: [a@x]}', 'either smtp_url or host'],
    ['mail: {host: b, password: x, password_file: y, user: z, to: [a@x]}', 'either password or password_file'],
    ['mail: {host: b, user: z, to: [a@x]}', 'a user but no password'],
    ['mail: {host: b, password: z, to: [a@x]}', 'a password but no user'],
    ['mail: {port: 25, to: [a@x]}', 'a port needs a host'],
    ['mail: {host: b}', 'no recipient'],
    ['mail: {to: [a@x]}', 'no server'],
    ['mail: {host: b, to: [a@x], password_file: nonesuch, user: c}', 'cannot read mail.password_file'],
    ['mail: {host: b, to: [a@x], routes: [{policy: [nonesuch], to: [a@x]}]}', 'there is no policy "nonesuch"'],
    ['approval: {link_base_url: "https://user:secret@host/"}', 'without user, query and fragment'],
  ])('%s: %s', (text, fault) => {
    expect(faultsOf(text).join('\n')).toContain(fault)
  })

  test('a password comes from a file beside the configuration, or the environment, which wins; it is never in a fault', () => {
    const folder = temporaryDirectory()
    writeFileSync(path.join(folder, 'secret'), 'p@ss:word/1\n')
    writeFileSync(path.join(folder, 'remediator.yml'), 'mail: {host: mail.example.org, user: me, password_file: secret, to: [a@x]}\n')
    const configFile = path.join(folder, 'remediator.yml')
    const url = new URL(loadSettings({ ...OPTIONS, configFile }, {}).mail?.smtpUrl ?? '')
    expect([url.host, decodeURIComponent(url.password)]).toEqual(['mail.example.org:587', 'p@ss:word/1'])
    const other = new URL(loadSettings({ ...OPTIONS, configFile }, { PROCWARDEN_SMTP_PASSWORD: 'other' }).mail?.smtpUrl ?? '')
    expect(other.password).toBe('other')
    const faults = faultsOf('mail: {to: [a@x]}', { PROCWARDEN_SMTP_URL: 'http://me:hunter2@host', PROCWARDEN_MAIL_TO: 'not an address' })
    expect(faults).toHaveLength(2)
    expect(faults.join()).not.toContain('hunter2')
  })
})

describe('a mail address', () => {
  test.each(['ops@example.org', 'first.last+tag@sub.example.org', 'ops@localhost', 'grüße@münchen.example'])('%s', (text) => {
    expect(isMailAddress(text)).toBe(true)
  })

  test.each([
    '',
    'ops',
    '@x',
    'a@',
    'a@b@c',
    'a b@x',
    'a@x\nBcc: b@x',
    'a@x, b@x',
    '<a@x>',
    'a@x..y',
    'a@-x',
    `${'a'.repeat(65)}@x`,
    'a\u0000@x',
  ])('not %j', (text) => {
    expect(isMailAddress(text)).toBe(false)
  })

  test('a sender may have a name, but no second header in it', () => {
    expect(SenderAddress.safeParse('Ada Lovelace <ada@example.org>').success).toBe(true)
    for (const text of ['Ada\r\nBcc: b@x <a@x>', 'Ada <a@x> <b@x>', '"Ada" <a@x>', 'Ada <a@x>, b@x'])
      expect([text, SenderAddress.safeParse(text).success]).toEqual([text, false])
  })
})
