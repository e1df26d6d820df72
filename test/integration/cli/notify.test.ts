import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { startSmtpServer } from '../../support/smtp.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const CLI = path.resolve(import.meta.dirname, '../../../src/cli/main.ts')

function notify(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, 'notify', 'test', ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })
}

function configured(text: string): string[] {
  const file = path.join(temporaryDirectory(), 'remediator.yml')
  writeFileSync(file, text)
  return ['--config.file', file]
}

describe('procwarden notify test', { timeout: 120_000 }, () => {
  test('sends a mail to everybody, or to the one who is named', async () => {
    const smtp = await startSmtpServer()
    const config = configured(`mail: {smtp_url: "${smtp.url}", from: "Warden <w@example.org>", to: [a@example.org, b@example.org]}\n`)
    expect(await notify(...config)).toMatchObject({ code: 0, stdout: 'Sent: a@example.org\nSent: b@example.org\n' })
    expect(await notify(...config, '--to', 'c@example.org')).toMatchObject({ code: 0 })
    expect(smtp.received.flatMap(({ to }) => to)).toEqual(['a@example.org', 'b@example.org', 'c@example.org'])
    const mail = await PostalMime.parse(smtp.received[0]?.raw ?? '')
    expect(mail).toMatchObject({ from: { name: 'Warden', address: 'w@example.org' }, subject: expect.stringContaining('test') })
    expect(mail.html).toContain('procwarden')
  })

  test('says what went wrong and where to look, and never the password', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise<void>((resolve) => server.close(() => resolve()))
    const closed = await notify(...configured(`mail: {host: 127.0.0.1, port: ${port}, to: [a@example.org]}\n`))
    expect(closed).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/FAILED: a@example\.org: .*ECONNREFUSED.*\n +Nothing listens on 127\.0\.0\.1/),
    })

    const smtp = await startSmtpServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ password }, _session, callback) => callback(new Error(`no: ${password}`)),
    })
    const { hostname, port: smtpPort } = new URL(smtp.url)
    const folder = temporaryDirectory()
    writeFileSync(path.join(folder, 'secret'), 'hunter2-secret\n')
    writeFileSync(
      path.join(folder, 'remediator.yml'),
      `mail: {host: ${hostname}, port: ${smtpPort}, user: warden, password_file: secret, to: [a@example.org]}\n`,
    )
    const refused = await notify('--config.file', path.join(folder, 'remediator.yml'), '--json')
    expect(JSON.parse(refused.stdout)).toEqual([
      { to: 'a@example.org', ok: false, error: expect.stringContaining('<secret>'), advice: expect.stringContaining('mail.password_file') },
    ])
    expect(refused.stdout + refused.stderr).not.toContain('hunter2')
  })

  test('without mail says what to configure', async () => {
    expect(await notify()).toMatchObject({ code: 1, stderr: expect.stringContaining('mail.host') })
  })
})
