import { copyFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { hashSync } from 'bcryptjs'
import { describe, expect, test } from 'vitest'
import { askOverTls, certificate, certificateFile, installServerCertificate } from '../../support/certificates.ts'
import { startExporter, type TestExporter } from '../../support/exporter.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const HASH = hashSync('wonderland', 4)
const TLS = 'tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n'
const CLIENT_AUTH = '  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n'
const USERS = `basic_auth_users:\n  alice: ${HASH}\n`

interface Served {
  readonly folder: string
  readonly exporter: TestExporter
  readonly rewrite: (text: string) => void
}

async function serve(text: string): Promise<Served> {
  const folder = temporaryDirectory()
  installServerCertificate(folder, 'server')
  copyFileSync(certificateFile('ca'), `${folder}/ca.pem`)
  const rewrite = (content: string): void => writeFileSync(`${folder}/web.yml`, content)
  rewrite(text)
  const exporter = await startExporter({ webConfigFile: `${folder}/web.yml`, files: false })
  return { folder, exporter, rewrite }
}

/** How a client is told, by TLS or by the end of the connection; which one depends on how far it had come. */
const REFUSED = /alert|hang up|ECONNRESET|EPIPE|disconnected/

const authorization = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})
const identity = (name: 'client' | 'stranger') => ({ cert: certificate(name), key: certificate(name, 'key') })

describe('TLS', () => {
  test('serves with the certificate, in no version below the lowest allowed', async () => {
    const { exporter } = await serve(`${TLS}  min_version: TLS13\n`)
    expect(exporter.url).toMatch(/^https:/)
    expect(await askOverTls(`${exporter.url}/metrics`)).toMatchObject({ status: 200, serverName: 'server', protocol: 'TLSv1.3' })
    await expect(askOverTls(exporter.url, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version|alert/i)
    await expect(fetch(exporter.url.replace('https', 'http'))).rejects.toThrow('fetch failed')
  })

  test('a renewed certificate is served to the next connection, and an open one goes on', async () => {
    const { exporter, folder } = await serve(TLS)
    const open = connect({ port: Number(new URL(exporter.url).port), host: '127.0.0.1', ca: certificate('ca') })
    await new Promise((resolve) => open.once('secureConnect', resolve))
    expect((await askOverTls(exporter.url)).serverName).toBe('server')
    installServerCertificate(folder, 'server-renewed')
    expect((await askOverTls(exporter.url)).serverName).toBe('server-renewed')
    open.write('GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    const answer = await new Promise<string>((resolve) => {
      let text = ''
      open.on('data', (chunk) => (text += String(chunk))).on('end', () => resolve(text))
    })
    expect(answer).toContain('200 OK')
    expect(open.getPeerCertificate().subject.CN).toBe('server')
  })

  test('half a renewal is not taken: the certificate before it is served, and the log says why, once', async () => {
    const { exporter, folder } = await serve(TLS)
    copyFileSync(certificateFile('server-renewed'), `${folder}/server.pem`)
    for (let n = 0; n < 3; n++) expect((await askOverTls(exporter.url)).serverName).toBe('server')
    const faults = exporter.log.lines.filter(({ level }) => level === 'error')
    expect(faults).toHaveLength(1)
    expect(faults[0]?.message).toMatch(/stays in force: .*web\.yml:2: tls_server_config\.cert_file: not usable with its key/)
    copyFileSync(certificateFile('server-renewed', 'key'), `${folder}/server.key`)
    expect((await askOverTls(exporter.url)).serverName).toBe('server-renewed')
  })

  test('client certificates: only one of the authority gets in', async () => {
    const { exporter } = await serve(TLS + CLIENT_AUTH)
    expect((await askOverTls(`${exporter.url}/-/healthy`, identity('client'))).status).toBe(200)
    await expect(askOverTls(exporter.url)).rejects.toThrow(REFUSED)
    await expect(askOverTls(exporter.url, identity('stranger'))).rejects.toThrow(REFUSED)
  })

  test('client certificates: a name that is not allowed is shut out', async () => {
    const { exporter, rewrite } = await serve(`${TLS}${CLIENT_AUTH}  client_allowed_sans: [other.example]\n`)
    await expect(askOverTls(exporter.url, identity('client'))).rejects.toThrow(REFUSED)
    rewrite(`${TLS}${CLIENT_AUTH}  client_allowed_sans: [other.example, scraper.example]\n`)
    expect((await askOverTls(exporter.url, identity('client'))).status).toBe(200)
  })

  test.each([
    ['RequestClientCert', '', { none: true, stranger: true }],
    ['RequireAnyClientCert', '', { none: false, stranger: true }],
    ['VerifyClientCertIfGiven', '  client_ca_file: ca.pem\n', { none: true, stranger: false }],
  ])('%s', async (type, more, expected) => {
    const { exporter } = await serve(`${TLS}  client_auth_type: ${type}\n${more}`)
    const isIn = (options: object): Promise<boolean> =>
      askOverTls(exporter.url, options).then(
        ({ status }) => status === 200,
        () => false,
      )
    expect({ none: await isIn({}), stranger: await isIn(identity('stranger')) }).toEqual(expected)
    expect(await isIn(identity('client'))).toBe(true)
  })

  test('client certificates that are demanded later are demanded from then on, without a restart, and back', async () => {
    const { exporter, rewrite } = await serve(TLS)
    expect((await askOverTls(exporter.url)).status).toBe(200)
    rewrite(TLS + CLIENT_AUTH)
    await expect(askOverTls(exporter.url)).rejects.toThrow(REFUSED)
    expect((await askOverTls(exporter.url, identity('client'))).status).toBe(200)
    rewrite(TLS)
    expect((await askOverTls(exporter.url)).status).toBe(200)
  })

  test('a removed file changes nothing: TLS is never switched off by accident', async () => {
    const { exporter, rewrite } = await serve(TLS + CLIENT_AUTH)
    rewrite('')
    await expect(askOverTls(exporter.url)).rejects.toThrow(REFUSED)
    expect((await askOverTls(exporter.url, identity('client'))).status).toBe(200)
    expect(exporter.log.lines.map(({ message }) => message).join()).toContain('TLS is switched on and off by a restart only')
  })
})

describe('basic authentication', () => {
  test('guards everything, /-/healthy and unknown pages too; each answer says how to ask', async () => {
    const { exporter } = await serve(USERS)
    for (const path of ['/', '/metrics', '/-/healthy', '/-/ready', '/api/processes', '/nowhere']) {
      const response = await fetch(`${exporter.url}${path}`)
      expect([path, response.status]).toEqual([path, 401])
      expect(response.headers.get('www-authenticate')).toMatch(/^Basic realm=/)
      expect((await fetch(`${exporter.url}${path}`, { headers: authorization('alice', 'looking-glass') })).status).toBe(401)
      expect((await fetch(`${exporter.url}${path}`, { headers: authorization('eve', 'wonderland') })).status).toBe(401)
      expect((await fetch(`${exporter.url}${path}`, { headers: authorization('alice', 'wonderland') })).status).not.toBe(401)
    }
    expect((await fetch(`${exporter.url}/-/reload`, { method: 'POST' })).status).toBe(401)
  })

  test('a changed password counts from the next request on, also on an open connection', async () => {
    const { exporter, rewrite } = await serve(USERS)
    const ask = async (password: string): Promise<number> =>
      (await fetch(`${exporter.url}/-/healthy`, { headers: authorization('alice', password) })).status
    expect(await ask('wonderland')).toBe(200)
    rewrite(`basic_auth_users:\n  alice: ${hashSync('looking-glass', 4)}\n`)
    expect(await ask('wonderland')).toBe(401)
    expect(await ask('looking-glass')).toBe(200)
    rewrite('basic_auth_users: [broken\n')
    expect(await ask('nothing')).toBe(401)
    expect(await ask('looking-glass')).toBe(200)
  })

  test('headers stand in every answer, refusals too', async () => {
    const { exporter } = await serve(
      `${USERS}http_server_config:\n  headers:\n    X-Frame-Options: deny\n    Content-Security-Policy: default-src 'self'\n`,
    )
    for (const headers of [{}, authorization('alice', 'wonderland')]) {
      const response = await fetch(exporter.url, { headers })
      expect(response.headers.get('x-frame-options')).toBe('deny')
      expect(response.headers.get('content-security-policy')).toBe("default-src 'self'")
    }
  })
})

test('a faulty file stops the start with its line', async () => {
  await expect(serve('tls_server_config:\n  cert_file: server.pem\n')).rejects.toThrow(/web\.yml:2: tls_server_config\.key_file/)
  await expect(startExporter({ webConfigFile: '/nowhere/web.yml', files: false })).rejects.toThrow('there is no such file')
})
