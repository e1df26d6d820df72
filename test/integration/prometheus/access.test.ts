import { createServer } from 'node:http'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { hashSync } from 'bcryptjs'
import { describe, expect, test } from 'vitest'
import { portOf } from '../../../src/lib/http.ts'
import { prometheusAccess, type AccessOptions } from '../../../src/prometheus/access.ts'
import { createPrometheusClient } from '../../../src/prometheus/client.ts'
import { askOverTls, certificate, certificateFile } from '../../support/certificates.ts'
import { startHistoryPrometheus } from '../../support/history-prometheus.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'

const ask = (options: AccessOptions) => createPrometheusClient(prometheusAccess(options)).query('vector(42)')
const ANSWER = [{ labels: {}, value: 42 }]

function secret(content: string): string {
  const file = path.join(temporaryDirectory(), 'secret')
  writeFileSync(file, content)
  return file
}

async function startTlsPrometheus(clientAuth: boolean): Promise<string> {
  return startHistoryPrometheus([], {
    scheme: 'https',
    webConfig: {
      tls_server_config: {
        cert_file: certificateFile('server'),
        key_file: certificateFile('server', 'key'),
        ...(clientAuth ? { client_auth_type: 'RequireAndVerifyClientCert', client_ca_file: certificateFile('ca') } : {}),
      },
    },
    fetchReady: async (url) =>
      (
        await askOverTls(`${url}/-/ready`, clientAuth ? { cert: certificate('client'), key: certificate('client', 'key') } : {}).catch(
          () => undefined,
        )
      )?.status === 200,
  })
}

describe('a Prometheus that wants to know who asks', () => {
  test('basic authentication: from files, from the address, and what is said without', async () => {
    const users = { basic_auth_users: { alice: hashSync('wonder:land', 4) } }
    const url = await startHistoryPrometheus([], {
      webConfig: users,
      fetchReady: async (address) => (await fetch(`${address}/-/ready`).catch(() => undefined))?.status === 401,
    })
    expect(await ask({ url, user: 'alice', passwordFile: secret('wonder:land\n') })).toEqual(ANSWER)
    expect(await ask({ url: url.replace('//', '//alice:wonder%3Aland@') })).toEqual(ANSWER)
    await expect(ask({ url })).rejects.toMatchObject({ reason: 'unauthorized', message: expect.stringContaining('--prometheus.user') })
    const wrong = ask({ url: url.replace('//', '//alice:nonsense@') })
    await expect(wrong).rejects.toMatchObject({ reason: 'unauthorized', message: expect.not.stringContaining('nonsense') })
  }, 60_000)

  test('TLS: by its authority, or looked away from, and what is said otherwise', async () => {
    const url = await startTlsPrometheus(false)
    expect(await ask({ url, caFile: certificateFile('ca') })).toEqual(ANSWER)
    expect(await ask({ url, insecure: true })).toEqual(ANSWER)
    await expect(ask({ url })).rejects.toMatchObject({ reason: 'tls', message: expect.stringContaining('--prometheus.ca-file') })
    await expect(ask({ url, caFile: certificateFile('stranger') })).rejects.toMatchObject({ reason: 'tls' })
    await expect(ask({ url: url.replace('https', 'http') })).rejects.toMatchObject({ reason: 'not_prometheus' })
  }, 60_000)

  test('TLS with a certificate of the client', async () => {
    const url = await startTlsPrometheus(true)
    const own = { certFile: certificateFile('client'), keyFile: certificateFile('client', 'key') }
    expect(await ask({ url, caFile: certificateFile('ca'), ...own })).toEqual(ANSWER)
    await expect(ask({ url, caFile: certificateFile('ca') })).rejects.toMatchObject({
      reason: 'tls',
      message: expect.stringContaining('--prometheus.cert-file'),
    })
  }, 60_000)

  test('a bearer token and further headers are sent', async () => {
    const seen: Array<string | string[] | undefined> = []
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization, request.headers['x-scope-orgid'])
      response.end('{"status":"success","data":{"resultType":"vector","result":[]}}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    afterTest(() => void server.close())
    const url = `http://127.0.0.1:${portOf(server)}/prefix`
    expect(await ask({ url, tokenFile: secret('t0ken\n'), headers: ['X-Scope-OrgID: tenant-1'] })).toEqual([])
    expect(seen).toEqual(['Bearer t0ken', 'tenant-1'])
  })

  test('what is no Prometheus is told so', async () => {
    const server = createServer((_request, response) => response.end('<html>hello</html>'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    afterTest(() => void server.close())
    await expect(ask({ url: `127.0.0.1:${portOf(server)}` })).rejects.toMatchObject({ reason: 'not_prometheus' })
  })

  test('every fault of the flags at once', () => {
    expect(() => prometheusAccess({ url: 'ftp://x', tokenFile: '/nowhere', certFile: certificateFile('client') })).toThrow(
      /no address.*\n.*\/nowhere.*\n.*go together/,
    )
  })
})
