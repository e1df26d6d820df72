import { describe, expect, test } from 'vitest'
import { createMetricsRoute, type MetricsSource } from '../../../src/exporter/metrics-route.ts'
import { createRouter } from '../../../src/exporter/router.ts'
import { listen } from '../../../src/lib/http.ts'
import { keptLog, type KeptLog } from '../../support/log.ts'
import { afterTest } from '../../support/temporary.ts'

const CONCURRENT_MAX = 40

async function serve(text: () => Promise<string>, log: KeptLog = keptLog()): Promise<string> {
  const source: MetricsSource = { collectorNames: ['a'], write: async (out) => out.text(await text()) }
  const app = createRouter([{ method: 'GET', path: '/metrics', handle: createMetricsRoute(source, log) }], log)
  const server = await listen(app, { host: '127.0.0.1', port: 0 }, 'test')
  afterTest(() => server.close())
  return `${server.url}/metrics`
}

describe('/metrics', () => {
  test('refuses what is beyond its bound at once, and serves again when there is room', async () => {
    const gate = Promise.withResolvers<string>()
    const full = Promise.withResolvers<void>()
    let asked = 0
    const url = await serve(() => {
      asked++
      if (asked === CONCURRENT_MAX) full.resolve()
      return gate.promise
    })
    const waiting = Array.from({ length: CONCURRENT_MAX }, () => fetch(url))
    await full.promise
    const refused = await fetch(url)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    gate.resolve('x 1\n')
    expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(new Set([200]))
    expect((await fetch(url)).status).toBe(200)
  })

  test('a fault is a 500 that tells a client nothing and the log everything', async () => {
    const log = keptLog()
    const url = await serve(() => Promise.reject(new Error('secret path')), log)
    for (let n = 0; n < CONCURRENT_MAX + 1; n++) {
      const response = await fetch(url)
      expect(response.status).toBe(500)
      expect(await response.text()).not.toContain('secret')
    }
    expect(log.lines[0]).toMatchObject({ level: 'error', message: expect.stringContaining('secret path') })
  })

  test('HEAD has the headers alone', async () => {
    const url = await serve(async () => 'x 1\n')
    const response = await fetch(url, { method: 'HEAD' })
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '4', ''])
  })
})
