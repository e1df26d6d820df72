/** Tests that the remediator reaches a real Prometheus behind TLS and passwords, and what it says when it may not. */
import { createServer } from 'node:http'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { hashSync } from 'bcryptjs'
import { describe, expect, test } from 'vitest'
import { portOf } from '../../../src/lib/http.ts'
import { createPeer } from '../../../src/lib/peer.ts'
import { createAlertmanager } from '../../../src/remediator/alertmanager.ts'
import { loadSettings } from '../../../src/remediator/config.ts'
import { createPrometheus } from '../../../src/remediator/prometheus.ts'
import { askOverTls, certificate, certificateFile } from '../../support/certificates.ts'
import { startHistoryPrometheus } from '../../support/history-prometheus.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'

/** The peers of a configuration file, beside which lie the given files. */
function peersOf(config: unknown, files: Readonly<Record<string, string>> = {}, prometheusUrl?: string) {
  const folder = temporaryDirectory()
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content)
  const configFile = path.join(folder, 'remediator.yml')
  writeFileSync(configFile, JSON.stringify(config))
  return loadSettings({ configFile, stateDir: folder, address: { host: '127.0.0.1', port: 0 }, prometheusUrl }, {}).peers
}

function ask(...config: Parameters<typeof peersOf>) {
  const { prometheus } = peersOf(...config)
  if (prometheus === undefined) throw new Error('an address was given')
  return createPrometheus(prometheus).query('vector(42)')
}

const ANSWER = [{ labels: {}, value: 42 }]

describe('Prometheus', () => {
  test('behind TLS with client certificates and a password; files lie beside the configuration', async () => {
    const own = { cert: certificate('client'), key: certificate('client', 'key') }
    const url = await startHistoryPrometheus([], {
      scheme: 'https',
      webConfig: {
        tls_server_config: {
          cert_file: certificateFile('server'),
          key_file: certificateFile('server', 'key'),
          client_auth_type: 'RequireAndVerifyClientCert',
          client_ca_file: certificateFile('ca'),
        },
        basic_auth_users: { alice: hashSync('wonder:land', 4) },
      },
      fetchReady: async (address) => (await askOverTls(`${address}/-/ready`, own).catch(() => undefined))?.status === 401,
    })
    const files = { 'password.txt': 'wonder:land\n', 'wrong.txt': 'nonsense' }
    const tls = { ca_file: certificateFile('ca'), cert_file: certificateFile('client'), key_file: certificateFile('client', 'key') }
    const whole = { url, user: 'alice', password_file: 'password.txt', ...tls }
    expect(await ask({ prometheus: whole }, files)).toEqual(ANSWER)
    // The flag names another address, the file still says how it is reached.
    expect(await ask({ prometheus: { ...whole, url: 'https://elsewhere.invalid' } }, files, url)).toEqual(ANSWER)

    const refused = { reason: 'prometheus_unreachable' }
    await expect(ask({ prometheus: { ...whole, password_file: 'wrong.txt' } }, files)).rejects.toMatchObject({
      ...refused,
      message: expect.stringMatching(/^(?!.*nonsense).*answered 401/),
    })
    await expect(ask({ prometheus: { url, ca_file: certificateFile('ca') } })).rejects.toMatchObject(refused)
    await expect(ask({ prometheus: { ...whole, ca_file: certificateFile('stranger') } }, files)).rejects.toMatchObject(refused)
    await expect(ask({ prometheus: { ...whole, server_name: 'other.example.org' } }, files)).rejects.toMatchObject(refused)
  }, 60_000)

  test('what is refused when the configuration is read', () => {
    const faults = (prometheus: unknown) => () => peersOf({ prometheus })
    expect(faults({ url: 'http://127.0.0.1', password_file: 'x' })).toThrow('the password of whom?')
    expect(faults({ url: 'http://127.0.0.1', user: 'a', token_file: 'x' })).toThrow('not both')
    expect(faults({ url: 'http://127.0.0.1', cert_file: 'x' })).toThrow('go together')
    expect(faults({ url: 'http://127.0.0.1', token_file: 'nowhere' })).toThrow('nowhere: there is no such file')
    expect(faults({ url: 'ftp://127.0.0.1' })).toThrow('an http or https address')
    expect(faults({ url: 'http://alice:secret@127.0.0.1' })).toThrow(/^(?!.*secret).*`password_file`/s)
    expect(() => peersOf({}, {}, 'http://alice:secret@127.0.0.1')).toThrow(/^(?!.*secret).*prometheus.url: .*`password_file`/s)
    expect(() => peersOf({}, {}, 'nonsense')).toThrow('prometheus.url: an http or https address')
  })
})

test('Alertmanager gets the token; an answer without end is cut off, and a redirect is none', async () => {
  const seen: Array<string | undefined> = []
  let answer = '{"uptime":"2026-01-01T00:00:00Z"}'
  let status = 200
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response
      .writeHead(status, { location: 'http://127.0.0.1:1/' })
      .end(request.url?.startsWith('/prefix/api/v2/alerts') === true ? '[]' : answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterTest(() => void server.close())
  const url = `http://127.0.0.1:${portOf(server)}/prefix`
  const { alertmanager } = peersOf({ alertmanager: { url, token_file: 'token' } }, { token: 't0ken\n' })
  if (alertmanager === undefined) throw new Error('an address was given')
  const { signal } = new AbortController()
  expect(await createAlertmanager(alertmanager).active(signal)).toMatchObject({ alerts: [] })
  expect(seen).toEqual(['Bearer t0ken', 'Bearer t0ken'])

  const peer = createPeer({ url }, '.', 'x')
  answer = 'x'.repeat(2_000_000)
  await expect(peer?.ask('any', { timeoutMs: 10_000, bytesMax: 1_000_000 })).rejects.toThrow('larger than 1000000 bytes')
  status = 302
  await expect(peer?.ask('any', { timeoutMs: 10_000, bytesMax: 1e9 })).rejects.toThrow('it answered 302')
})
