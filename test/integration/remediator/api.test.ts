import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { certificate, certificateFile, askOverTls } from '../../support/certificates.ts'
import { alertOf, payloadOf, post, settledIncident, startRemediator, type TestRemediator } from '../../support/remediator.ts'
import { exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'

const Document = z.object({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({ responses: z.record(z.string(), z.object({ content: z.looseObject({}) })), parameters: z.array(z.unknown()).optional() }),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) }),
})
type Document = z.infer<typeof Document>

let remediator: TestRemediator
const token = (name: string): string => readFileSync(path.join(remediator.stateDir, name), 'utf8').trim()

function call(route: string, options: { method?: string; token?: string; body?: unknown; headers?: Record<string, string> } = {}) {
  const headers = { authorization: `Bearer ${options.token ?? token('act-token')}`, 'content-type': 'application/json', ...options.headers }
  const body = options.body === undefined ? {} : { body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body) }
  return fetch(`${remediator.url}${route}`, { method: options.method ?? 'GET', headers, ...body })
}

/** The answer's body, after it was held against what the served document says of this route and status. */
async function documented(document: Document, route: string, template: string, options: Parameters<typeof call>[1] = {}): Promise<unknown> {
  const response = await call(route, options)
  const described = document.paths[template]?.[(options.method ?? 'GET').toLowerCase()]?.responses[String(response.status)]
  if (!described) throw new Error(`${template} does not document ${response.status}`)
  const { schema } = z.object({ 'application/json': z.object({ schema: z.object({ $ref: z.string() }) }) }).parse(described.content)[
    'application/json'
  ]
  const named = document.components.schemas[schema.$ref.replace('#/components/schemas/', '')]
  if (!named) throw new Error(`${schema.$ref} is not in the document`)
  const body: unknown = await response.json()
  z.fromJSONSchema(named).parse(body)
  return body
}

describe('the API', () => {
  beforeEach(async () => {
    remediator = await startRemediator({ mode: 'confirm' })
  })

  test('every answer is as the served document says', async () => {
    const document = Document.parse(await (await call('/api/openapi.json')).json())
    const accused = await temporaryProcess('sleep', ['600'])
    const accuse = payloadOf([alertOf({ labels: { group: 'sleep', pid: String(accused.pid) } })])
    await documented(document, '/api/webhook', '/api/webhook', { method: 'POST', body: accuse, token: token('webhook-token') })
    await documented(document, '/api/webhook', '/api/webhook', { method: 'POST', body: '{', token: token('webhook-token') })
    const { id } = await settledIncident(remediator, ['awaiting_approval'])
    const calls: Array<[string, string, Parameters<typeof call>[1]?]> = [
      ['/api/openapi.json', '/api/openapi.json'],
      ['/api/incidents', '/api/incidents'],
      ['/api/incidents?limit=0', '/api/incidents'],
      [`/api/incidents/${id}`, '/api/incidents/{id}'],
      ['/api/incidents/none', '/api/incidents/{id}'],
      [`/api/incidents/${id}/snapshots`, '/api/incidents/{id}/snapshots'],
      ['/api/incidents/none/snapshots', '/api/incidents/{id}/snapshots'],
      ['/api/quarantines/none', '/api/quarantines/{id}'],
      ['/api/snapshots/none', '/api/snapshots/{id}'],
      ['/api/status', '/api/status'],
      ['/api/cooldowns', '/api/cooldowns'],
      ['/api/escalations', '/api/escalations'],
      ['/api/pause', '/api/pause'],
      ['/api/approvals', '/api/approvals'],
      ['/api/human-alerts', '/api/human-alerts'],
      ['/api/audit?limit=3', '/api/audit'],
      ['/api/pause', '/api/pause', { method: 'POST', body: { by: 'ann', why: 'maintenance' } }],
      ['/api/resume', '/api/resume', { method: 'POST' }],
      [`/api/incidents/${id}/approve`, '/api/incidents/{id}/approve', { method: 'POST', body: { by: 'ann' } }],
      [`/api/incidents/${id}/deny`, '/api/incidents/{id}/deny', { method: 'POST', body: { by: 7 } }],
      [`/api/incidents/${id}/deny`, '/api/incidents/{id}/deny', { method: 'POST' }],
      [`/api/incidents/${id}/acknowledge`, '/api/incidents/{id}/acknowledge', { method: 'POST' }],
      ['/api/incidents/none/acknowledge', '/api/incidents/{id}/acknowledge', { method: 'POST' }],
      ['/api/first-approvals', '/api/first-approvals'],
      ['/api/first-approvals/1/revoke', '/api/first-approvals/{id}/revoke', { method: 'POST', body: { by: 'ann' } }],
      ['/api/first-approvals/1/revoke', '/api/first-approvals/{id}/revoke', { method: 'POST' }],
      [`/api/incidents/${id}/rollback`, '/api/incidents/{id}/rollback', { method: 'POST' }],
      ['/api/incidents/none/rollback', '/api/incidents/{id}/rollback', { method: 'POST' }],
      ['/api/checks/remediator-health/run', '/api/checks/{id}/run', { method: 'POST' }],
      ['/api/checks/none/run', '/api/checks/{id}/run', { method: 'POST' }],
      ['/api/checks', '/api/checks'],
      ['/api/checks/history?check=remediator-health', '/api/checks/history'],
      ['/api/checks/history?limit=x', '/api/checks/history'],
      [`/api/incidents/${id}/advise`, '/api/incidents/{id}/advise', { method: 'POST' }],
      ['/api/incidents/none/advise', '/api/incidents/{id}/advise', { method: 'POST' }],
      ['/api/sign-in-links', '/api/sign-in-links', { method: 'POST', body: { by: 'ann', scopes: ['read'] } }],
      ['/api/sign-in-links', '/api/sign-in-links', { method: 'POST', body: { scopes: ['receive'] } }],
      ['/api/status', '/api/status', { token: 'wrong' }],
      ['/api/pause', '/api/pause', { method: 'POST', token: token('read-token') }],
    ]
    for (const [route, template, options] of calls) await documented(document, route, template, options)
    // Approved by now: a snapshot was taken before the kill.
    expect(await exitOf(accused)).toBe('SIGTERM')
    const whole = z.object({ snapshots: z.array(z.object({ id: z.string() })) })
    const { snapshots } = whole.parse(await documented(document, `/api/incidents/${id}`, '/api/incidents/{id}'))
    expect(snapshots).toHaveLength(1)
    await documented(document, `/api/snapshots/${snapshots[0]?.id}`, '/api/snapshots/{id}')
    const documentedRoutes = Object.entries(document.paths).flatMap(([route, methods]) =>
      Object.keys(methods).map((method) => `${method} ${route}`),
    )
    const tried = new Set([
      'post /api/webhook',
      ...calls.map(([, template, options]) => `${(options?.method ?? 'GET').toLowerCase()} ${template}`),
    ])
    expect(documentedRoutes.filter((route) => !tried.has(route))).toEqual([])
  })

  test('a token does what its scope says and nothing else', async () => {
    const read = token('read-token')
    expect((await call('/api/status', { token: read })).status).toBe(200)
    for (const route of [
      '/api/pause',
      '/api/resume',
      '/api/incidents/x/approve',
      '/api/incidents/x/deny',
      '/api/incidents/x/rollback',
      '/api/incidents/x/acknowledge',
    ])
      expect([route, (await call(route, { method: 'POST', token: read })).status]).toEqual([route, 403])
    expect((await post(remediator.url, read, payloadOf([alertOf({})]))).status).toBe(403)
    expect((await post(remediator.url, token('act-token'), payloadOf([alertOf({})]))).status).toBe(403)
    for (const wrong of ['', 'x', `${read}x`, read.slice(0, -1)]) expect((await call('/api/status', { token: wrong })).status).toBe(401)
  })

  test('filters and pages', async () => {
    const alerts = Array.from({ length: 25 }, (_, index) =>
      alertOf({ labels: { remediate: 'notify', alertname: index % 5 === 0 ? 'Rare' : 'Usual' }, fingerprint: `a${index}` }),
    )
    for (const alert of alerts) await post(remediator.url, token('webhook-token'), payloadOf([alert]))
    const all = z.array(z.object({ id: z.string(), alertname: z.string() }))
    await expect.poll(async () => all.parse(await (await call('/api/incidents?status=done')).json()).length, { timeout: 15_000 }).toBe(25)
    const seen: string[] = []
    for (let route: string | undefined = '/api/incidents?limit=10&status=done,cancelled'; route !== undefined;) {
      const response = await call(route)
      seen.push(...all.parse(await response.json()).map(({ id }) => id))
      route = /<(.+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
    }
    expect([seen.length, new Set(seen).size]).toEqual([25, 25])
    expect(all.parse(await (await call('/api/incidents?alertname=Rare')).json())).toHaveLength(5)
    expect(all.parse(await (await call('/api/incidents?outcome=killed')).json())).toEqual([])
    expect(all.parse(await (await call(`/api/incidents?since=${new Date(Date.now() + 60_000).toISOString()}`)).json())).toEqual([])
    expect((await call('/api/incidents?nonsense=1')).status).toBe(400)
    expect((await call('/api/incidents?status=asleep')).status).toBe(400)
  })

  test('while everything is paused nothing is done, and after it the alert that still fires is taken up again', async () => {
    const accused = await temporaryProcess('sleep', ['600'])
    await call('/api/pause', { method: 'POST', body: { by: 'ann', why: 'deploying' } })
    const payload = payloadOf([
      alertOf({ labels: { group: 'sleep', pid: String(accused.pid) }, startsAt: new Date('2030-01-01T00:00:00Z') }),
    ])
    await post(remediator.url, token('webhook-token'), payload)
    expect(await settledIncident(remediator)).toMatchObject({ reason: 'paused' })
    expect(await (await call('/api/pause')).json()).toMatchObject({ paused: true, by: 'ann', why: 'deploying' })
    await call('/api/resume', { method: 'POST' })
    await post(remediator.url, token('webhook-token'), payload)
    expect(await settledIncident(remediator, ['awaiting_approval'])).toMatchObject({ decision: 'ask' })
  })

  test('a body that is too large, a stranger page and a flood are refused', async () => {
    expect((await call('/api/pause', { method: 'POST', body: { why: 'x'.repeat(2_000_000) } })).status).toBe(413)
    expect((await call('/api/pause', { method: 'POST', headers: { origin: 'https://evil.example' } })).status).toBe(403)
    const answers = await Promise.all(Array.from({ length: 500 }, () => call('/api/pause')))
    const limited = answers.find(({ status }) => status === 429)
    expect(limited?.headers.get('retry-after')).toMatch(/^[1-9]/)
    const deliveries = await Promise.all(
      Array.from({ length: 300 }, () => post(remediator.url, token('webhook-token'), payloadOf([alertOf({})]))),
    )
    expect(new Set(deliveries.map(({ status }) => status))).toEqual(new Set([200]))
  })
})

test('a bad configuration is refused on reload, and the old one stays in force', async () => {
  const configFile = path.join(temporaryDirectory(), 'remediator.yml')
  writeFileSync(configFile, 'mode: confirm\n')
  remediator = await startRemediator({ configFile, mode: undefined })
  writeFileSync(configFile, 'mode: bold\nnonsense: 1\n')
  const refused = await call('/-/reload', { method: 'POST' })
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringMatching(/:1: mode.*\n.*:2: .*nonsense/s)])
  expect(await (await call('/api/status')).json()).toMatchObject({ mode: 'confirm' })
  writeFileSync(configFile, 'mode: observe\n')
  expect((await call('/-/reload', { method: 'POST' })).status).toBe(200)
  expect(await (await call('/api/status')).json()).toMatchObject({ mode: 'observe' })
})

test('a client certificate that the web configuration verifies is as good as a token, within its scopes', async () => {
  const folder = temporaryDirectory()
  const webConfigFile = path.join(folder, 'web.yml')
  const configFile = path.join(folder, 'remediator.yml')
  const tls = {
    cert_file: certificateFile('server'),
    key_file: certificateFile('server', 'key'),
    client_auth_type: 'VerifyClientCertIfGiven',
    client_ca_file: certificateFile('ca'),
  }
  writeFileSync(webConfigFile, JSON.stringify({ tls_server_config: tls }))
  writeFileSync(configFile, 'web: {client_certificates: [{name: nobody, scopes: [act]}]}\n')
  remediator = await startRemediator({ webConfigFile, configFile })
  const withCertificate = { cert: certificate('client'), key: certificate('client', 'key') }
  expect((await askOverTls(`${remediator.url}/api/status`)).status).toBe(401)
  expect((await askOverTls(`${remediator.url}/api/status`, withCertificate)).status).toBe(401)
  writeFileSync(configFile, '')
  expect((await askOverTls(`${remediator.url}/-/reload`, { ...withCertificate, method: 'POST' })).status).toBe(200)
  expect((await askOverTls(`${remediator.url}/api/status`, withCertificate)).status).toBe(200)
  expect((await askOverTls(`${remediator.url}/api/pause`, { ...withCertificate, method: 'POST' })).status).toBe(200)
  expect((await askOverTls(`${remediator.url}/api/status`, { headers: { authorization: `Bearer ${token('read-token')}` } })).status).toBe(
    200,
  )
})
