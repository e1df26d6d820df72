import { expect, test } from 'vitest'
import { probeHttp, type ProbeTarget } from '../../../src/exporter/sources/probe-http.ts'
import { closedPort, httpEndpoint, rawEndpoint, selfSignedEndpoint } from '../../support/http-endpoint.ts'

const target = (url: string, rest: Partial<ProbeTarget> = {}): ProbeTarget => ({
  url,
  method: 'GET',
  expectedStatuses: [],
  expectedBody: undefined,
  timeoutMs: 20_000,
  ...rest,
})
const probe = (url: string, rest?: Partial<ProbeTarget>) => probeHttp(target(url, rest), new AbortController().signal)

test('healthy is any of 200 to 299, or what the configuration expects', async () => {
  const url = await httpEndpoint((request, response) => response.writeHead(Number(request.url?.slice(1))).end('all is well'))
  expect(await probe(`${url}/204`)).toMatchObject({ failure: undefined, statusCode: 204, answered: true })
  expect(await probe(`${url}/503`)).toMatchObject({ failure: 'status', statusCode: 503, answered: true })
  expect(await probe(`${url}/503`, { expectedStatuses: [200, 503] })).toMatchObject({ failure: undefined })
  expect(await probe(`${url}/200`, { expectedStatuses: [503] })).toMatchObject({ failure: 'status' })
  expect(await probe(`${url}/200`, { expectedBody: /all is \w+/u })).toMatchObject({ failure: undefined })
  expect(await probe(`${url}/200`, { expectedBody: /^is/u })).toMatchObject({ failure: 'body', statusCode: 200, answered: true })
})

test('a redirect is an answer like any other and is not followed', async () => {
  const asked: string[] = []
  const url = await httpEndpoint((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  expect(await probe(`${url}/`)).toMatchObject({ failure: 'status', statusCode: 302 })
  expect(await probe(`${url}/`, { expectedStatuses: [302] })).toMatchObject({ failure: undefined })
  expect(asked).toEqual(['/', '/'])
})

test('no answer, and an answer that never ends, are timeouts', async () => {
  const url = await httpEndpoint((request, response) => {
    if (request.url === '/drip') response.writeHead(200).write('x')
  })
  const mute = await probe(`${url}/mute`, { timeoutMs: 100 })
  expect(mute).toMatchObject({ failure: 'timeout', statusCode: undefined, answered: false })
  expect(mute.durationSeconds).toBeGreaterThanOrEqual(0.09)
  expect(await probe(`${url}/drip`, { timeoutMs: 100 })).toMatchObject({ failure: 'timeout', statusCode: 200, answered: false })
})

test('of a body without end the first 64 KiB are looked at', async () => {
  const url = await httpEndpoint((_request, response) => {
    response.writeHead(200)
    const pour = (): void => {
      while (!response.destroyed && response.write('y'.repeat(16_384)));
    }
    response.on('drain', pour)
    pour()
  })
  expect(await probe(url, { expectedBody: /^y+$/u })).toMatchObject({ failure: undefined, answered: true })
})

test('a certificate that nobody vouches for is refused', async () => {
  let reached = false
  const url = await selfSignedEndpoint((_request, response) => {
    reached = true
    response.end()
  })
  expect(await probe(url)).toMatchObject({ failure: 'tls', statusCode: undefined })
  expect(reached).toBe(false)
  // Nor is plain HTTP taken for TLS.
  expect(await probe((await httpEndpoint((_request, response) => response.end())).replace('http:', 'https:'))).toMatchObject({
    failure: 'tls',
  })
})

test('a closed port, a host without an address, and a peer that does not speak HTTP', async () => {
  expect(await probe(`http://127.0.0.1:${await closedPort()}/`)).toMatchObject({ failure: 'connection' })
  expect(await probe('http://no-such-host.invalid/')).toMatchObject({ failure: 'dns' })
  expect(await probe(await rawEndpoint('SSH-2.0-OpenSSH\r\n'))).toMatchObject({ failure: 'protocol' })
  const switching = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n'
  expect(await probe(await rawEndpoint(switching))).toMatchObject({ failure: 'protocol', answered: false })
  expect(await probe(await rawEndpoint('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut'))).toMatchObject({
    failure: 'connection',
    statusCode: 200,
  })
})

test('the method and the credentials of the URL arrive', async () => {
  const seen: unknown[] = []
  const url = await httpEndpoint((request, response) => {
    seen.push([request.method, request.headers.authorization])
    response.end()
  })
  await probe(url.replace('//', '//me:s%20ecret@'), { method: 'HEAD' })
  expect(seen).toEqual([['HEAD', `Basic ${Buffer.from('me:s ecret').toString('base64')}`]])
})
