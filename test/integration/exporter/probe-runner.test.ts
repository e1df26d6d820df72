import { expect, test } from 'vitest'
import { createProbesCollector } from '../../../src/exporter/collectors/probes.ts'
import { Exposition } from '../../../src/exporter/exposition.ts'
import { ProbeRunner, type ProbeSettings } from '../../../src/exporter/probe-runner.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { seriesValue } from '../../support/exporter.ts'
import { httpEndpoint } from '../../support/http-endpoint.ts'
import { keptLog } from '../../support/log.ts'
import { afterTest } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

function setUp() {
  const log = keptLog()
  const runner = new ProbeRunner({ clock: systemClock(), log })
  afterTest(() => runner.close())
  const text = async (): Promise<string> => {
    const out = new Exposition()
    await createProbesCollector(runner).collect(out)
    return out.toString()
  }
  return { runner, log, text }
}

const probe = (name: string, url: string, rest: Partial<ProbeSettings> = {}): ProbeSettings => ({
  name,
  url,
  method: 'GET',
  expectedStatuses: [],
  expectedBody: undefined,
  timeoutMs: 10_000,
  intervalMs: 20,
  ...rest,
})

test('a probe is counted from 0 on, and has no verdict before its first run has ended', async () => {
  const { runner, text } = setUp()
  const gate = Promise.withResolvers<void>()
  const url = await httpEndpoint((_request, response) => void gate.promise.then(() => response.end()))
  runner.configure([probe('web', url)])
  const before = await text()
  expect(seriesValue(before, 'procwarden_probe_up', '"web"')).toBeUndefined()
  expect(seriesValue(before, 'procwarden_probe_latency_seconds_count', '"web"')).toBe(0)
  expect(seriesValue(before, 'procwarden_probe_failures_total', '"timeout"')).toBe(0)
  gate.resolve()
  const after = await waitFor('three runs', async () => {
    const now = await text()
    return (seriesValue(now, 'procwarden_probe_latency_seconds_count', '"web"') ?? 0) >= 3 && now
  })
  expect(seriesValue(after, 'procwarden_probe_up', '"web"')).toBe(1)
  expect(seriesValue(after, 'procwarden_probe_http_status_code', '"web"')).toBe(200)
  const count = seriesValue(after, 'procwarden_probe_latency_seconds_count', '"web"') ?? 0
  expect(seriesValue(after, 'procwarden_probe_latency_seconds_bucket', 'le="+Inf"')).toBe(count)
  expect(seriesValue(after, 'procwarden_probe_latency_seconds_bucket', 'le="30.0"')).toBe(count)
})

test('one that hangs holds up no other, failing is told once and healing too, and no secret of a URL is told', async () => {
  const { runner, log, text } = setUp()
  let status = 500
  const url = await httpEndpoint((request, response) => {
    if (request.url !== '/hang') response.writeHead(status).end()
  })
  const secret = url.replace('//', '//me:hunter2@')
  runner.configure([probe('hangs', `${secret}/hang`), probe('fails', `${secret}/?token=hunter2`)])
  const failed = await waitFor('three failures', async () => {
    const now = await text()
    return (seriesValue(now, 'procwarden_probe_failures_total', '"fails"', '"status"') ?? 0) >= 3 && now
  })
  expect(seriesValue(failed, 'procwarden_probe_up', '"fails"')).toBe(0)
  expect(seriesValue(failed, 'procwarden_probe_up', '"hangs"')).toBeUndefined()
  status = 200
  const healed = await waitFor('health', async () => {
    const now = await text()
    return seriesValue(now, 'procwarden_probe_up', '"fails"') === 1 && now
  })
  expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'info'])
  expect(healed + log.lines.map(({ message }) => message).join()).not.toMatch(/hunter2|127\.0\.0\.1/)
})

test('more probes than may run at once all get their turn', async () => {
  const { runner, text } = setUp()
  let [now, most] = [0, 0]
  const url = await httpEndpoint((_request, response) => {
    most = Math.max(most, ++now)
    setTimeout(() => {
      now--
      response.end()
    }, 5)
  })
  runner.configure(Array.from({ length: 60 }, (_, index) => probe(`p${index}`, url, { intervalMs: 60_000 })))
  await waitFor('all answers', async () => (await text()).match(/^procwarden_probe_up\{.*\} 1$/gm)?.length === 60)
  expect(most).toBeLessThanOrEqual(20)
  expect(most).toBeGreaterThan(1)
})

test('a new configuration keeps the counts of a name that stays, and forgets the others', async () => {
  const { runner, text } = setUp()
  const url = await httpEndpoint((_request, response) => response.end())
  runner.configure([probe('stays', url, { intervalMs: 60_000 }), probe('goes', url, { intervalMs: 60_000 })])
  await waitFor('both', async () => (await text()).match(/_up\{.*\} 1$/gm)?.length === 2)
  runner.configure([probe('new', url, { intervalMs: 60_000 }), probe('stays', url, { intervalMs: 60_000 })])
  const after = await waitFor('a second run', async () => {
    const now = await text()
    return seriesValue(now, 'procwarden_probe_latency_seconds_count', '"stays"') === 2 && now
  })
  expect(after).not.toContain('"goes"')
})
