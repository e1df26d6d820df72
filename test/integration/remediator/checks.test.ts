import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { portOf } from '../../../src/lib/http.ts'
import { CheckDefinition } from '../../../src/remediator/checks/definition.ts'
import { LoadGenerator } from '../../../src/remediator/checks/load-generator.ts'
import type { Places } from '../../../src/remediator/checks/places.ts'
import { runCheck } from '../../../src/remediator/checks/run-check.ts'
import { closedPort, httpEndpoint, selfSignedEndpoint } from '../../support/http-endpoint.ts'
import { alarm, script, startWith } from '../../support/policies.ts'
import { incidentsOf, settledIncident, startRemediator, type TestRemediator } from '../../support/remediator.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const ENVIRONMENT = { PATH: process.env['PATH'] ?? '' }

/** Used by all: its start costs more than a check. */
const load = new LoadGenerator(ENVIRONMENT)
afterAll(() => load.close())

async function run(definition: Readonly<Record<string, unknown>>, places: Places = {}) {
  const tools = { load, places, environment: ENVIRONMENT, prometheus: undefined, instance: undefined, cameBack: () => false }
  return runCheck(CheckDefinition.parse({ name: 'x', ...definition }), tools, new AbortController().signal)
}

describe('http', () => {
  test('counts requests and measures how long they take', async () => {
    let count = 0
    const url = await httpEndpoint((_request, response) => {
      count += 1
      response.end('hello world')
    })
    const result = await run({ kind: 'http', url, requests: 40, concurrency: 4, contains: 'world' })
    expect(result).toMatchObject({ outcome: 'passed', figures: { requests: 40, errorRatio: 0 } })
    expect(result.figures.latencyP95Seconds).toBeGreaterThan(0)
    expect(count).toBeGreaterThanOrEqual(40)
  })

  test('a share of wrong answers that is too large fails, a smaller one does not', async () => {
    let count = 0
    const url = await httpEndpoint((_request, response) => {
      count += 1
      response.statusCode = count % 4 === 0 ? 500 : 200
      response.end()
    })
    const result = await run({ kind: 'http', url, requests: 40, concurrency: 1 })
    expect(result).toMatchObject({ outcome: 'failed', figures: { errorRatio: 0.25 } })
    expect(result.text).toContain('10 of 40 requests')
    expect(result.text).toContain('status 500')
    expect(await run({ kind: 'http', url, requests: 40, concurrency: 1, error_ratio_max: 0.5 })).toMatchObject({ outcome: 'passed' })
  })

  test('a slow twentieth fails', async () => {
    const url = await httpEndpoint((_request, response) => void setTimeout(() => response.end(), 80))
    const result = await run({ kind: 'http', url, requests: 6, p95_seconds_max: 0.05 })
    expect(result.outcome).toBe('failed')
    expect(result.text).toContain('above the 50 ms')
    expect(result.figures.latencyP95Seconds).toBeGreaterThan(0.05)
  })

  test('a body without the text fails', async () => {
    const url = await httpEndpoint((_request, response) => response.end('nothing to see'))
    const result = await run({ kind: 'http', url, requests: 4, contains: 'healthy' })
    expect(result).toMatchObject({ outcome: 'failed', figures: { errorRatio: 1 } })
    expect(result.text).toContain('does not hold "healthy"')
  })

  test('method, headers and body are sent', async () => {
    const seen: string[] = []
    const url = await httpEndpoint((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        seen.push(`${request.method} ${String(request.headers['x-who'])} ${body}`)
        response.statusCode = 201
        response.end()
      })
    })
    const result = await run({
      kind: 'http',
      url,
      method: 'POST',
      headers: { 'x-who': 'me' },
      body: 'hi',
      status: [200, 201],
      requests: 1,
      concurrency: 1,
    })
    expect(result.outcome).toBe('passed')
    expect(seen[0]).toBe('POST me hi')
  })

  test('nobody there fails at once, and says so', async () => {
    const result = await run({ kind: 'http', url: `http://127.0.0.1:${await closedPort()}/`, requests: 5, timeout_seconds: 20 })
    expect(result).toMatchObject({ outcome: 'failed', figures: { errorRatio: 1 } })
    expect(result.text).toContain('ECONNREFUSED')
  })

  test('one that never answers is given up in time', async () => {
    const url = await httpEndpoint(() => undefined)
    const result = await run({ kind: 'http', url, requests: 3, timeout_seconds: 1 })
    expect(result).toMatchObject({ outcome: 'failed', figures: { errorRatio: 1 } })
  })

  test('a certificate that nobody signed passes only when it is to be ignored', async () => {
    const url = await selfSignedEndpoint((_request, response) => response.end())
    expect((await run({ kind: 'http', url, requests: 2, timeout_seconds: 5 })).outcome).toBe('failed')
    expect((await run({ kind: 'http', url, requests: 2, insecure: true })).outcome).toBe('passed')
  })

  test('a place that is not known is skipped, with the way out', async () => {
    const result = await run({ kind: 'http', url: '{{exporter}}/metrics' })
    expect(result).toMatchObject({ outcome: 'skipped', figures: {} })
    expect(result.text).toContain('--exporter.url')
  })
})

describe('tcp', () => {
  async function greeter(greeting: string): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.write(greeting)
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    afterTest(() => void server.close())
    return `127.0.0.1:${portOf(server)}`
  }

  test('passes where somebody listens and says what is expected', async () => {
    const address = await greeter('SSH-2.0-test\r\n')
    expect((await run({ kind: 'tcp', address })).outcome).toBe('passed')
    expect((await run({ kind: 'tcp', address, expect: 'SSH-2.0' })).outcome).toBe('passed')
    const other = await run({ kind: 'tcp', address, expect: 'FTP' })
    expect(other.outcome).toBe('failed')
    expect(other.text).toContain('says "SSH-2.0-test')
  })

  test('fails where nobody listens, and where nothing is said', async () => {
    expect((await run({ kind: 'tcp', address: `127.0.0.1:${await closedPort()}` })).text).toContain('ECONNREFUSED')
    const silent = await greeter('')
    expect((await run({ kind: 'tcp', address: silent, expect: 'x', connect_seconds_max: 0.3 })).text).toContain('no answer within')
  })

  test('takes an address of ours', async () => {
    const url = await httpEndpoint((_request, response) => response.end())
    expect((await run({ kind: 'tcp', address: '{{prometheus}}' }, { prometheus: url })).outcome).toBe('passed')
  })
})

describe('command and sql', () => {
  test('exit code and output are judged', async () => {
    expect((await run({ kind: 'command', argv: ['/bin/echo', 'all is well'], contains: 'well' })).outcome).toBe('passed')
    expect((await run({ kind: 'command', argv: [script(['exit 3'])], exit_code: 3 })).outcome).toBe('passed')
    const failing = await run({ kind: 'command', argv: [script(['echo "no space left" >&2', 'exit 2'])] })
    expect(failing.outcome).toBe('failed')
    expect(failing.text).toContain('exit code 2 (no space left)')
    expect((await run({ kind: 'command', argv: ['/nonexistent/program'] })).text).toContain('could not be started')
  })

  test('no shell reads an argument', async () => {
    const result = await run({ kind: 'command', argv: ['/bin/echo', '$(id)', ';', '|'], contains: '$(id) ; |' })
    expect(result.outcome).toBe('passed')
  })

  test('what does not end in time is ended with its whole tree, one that left its group as well', async () => {
    const folder = temporaryDirectory()
    const slow = script([`sleep 611 & echo $! >${folder}/a`, `setsid sleep 612 & echo $! >${folder}/b`, 'wait'])
    const result = await run({ kind: 'command', argv: [slow], timeout_seconds: 1 })
    expect(result.outcome).toBe('timed_out')
    expect(spawnSync('pgrep', ['-f', 'sleep 61[12]'], { encoding: 'utf8' }).stdout).toBe('')
    expect(Number(readFileSync(path.join(folder, 'b'), 'utf8'))).toBeGreaterThan(0)
  })

  test('parallel queries against a real database', async () => {
    const file = path.join(temporaryDirectory(), 'shop.db')
    const database = new DatabaseSync(file)
    database.exec('CREATE TABLE t (n)')
    database.close()
    const client = script([
      `exec ${process.execPath} -e "const {DatabaseSync} = require('node:sqlite'); const d = new DatabaseSync('${file}'); console.log(d.prepare('SELECT count(*) AS n FROM t').get().n)"`,
    ])
    const result = await run({ kind: 'sql', argv: [client], expect: '0', runs: 4, concurrency: 2 })
    expect(result).toMatchObject({ outcome: 'passed', figures: { requests: 4, errorRatio: 0 } })
    const wrong = await run({ kind: 'sql', argv: [client], expect: '7' })
    expect(wrong.text).toContain('it answers "0", not "7"')
  })
})

describe('memory-growth', () => {
  /** An exporter's list of processes, whose memory rises with each request to the other page. */
  async function leaky(bytesPerRequest: number): Promise<string> {
    let bytes = 50_000_000
    return httpEndpoint((request, response) => {
      if (request.url === '/api/processes') response.end(JSON.stringify([{ group: 'leaky', residentMemoryBytes: bytes }]))
      else {
        bytes += bytesPerRequest
        response.end()
      }
    })
  }

  test('a leak under load is told, its absence as well', async () => {
    const check = { kind: 'memory-growth', url: '{{exporter}}/', groups: ['leaky'], seconds: 8, requests_per_second: 50 }
    const leak = await run(check, { exporter: await leaky(10_000) })
    const none = await run({ ...check, seconds: 6 }, { exporter: await leaky(0) })
    // 50 requests a second of 10 KB are 1.8 GB an hour.
    expect(leak.outcome).toBe('failed')
    expect(leak.figures.memoryGrowthBytesPerHour).toBeGreaterThan(500_000_000)
    expect(leak.figures.memoryGrowthBytesPerHour).toBeLessThan(3_000_000_000)
    expect(none).toMatchObject({ outcome: 'passed', figures: { memoryGrowthBytesPerHour: 0 } })
  })

  test('without the program nothing is loaded, and nothing is said of it', async () => {
    let isLoaded = false
    const url = await httpEndpoint((request, response) => {
      if (request.url !== '/api/processes') isLoaded = true
      response.end('[]')
    })
    const result = await run({ kind: 'memory-growth', url: '{{exporter}}/', groups: ['gone'], seconds: 5 }, { exporter: url })
    expect(result.outcome).toBe('skipped')
    expect(result.text).toContain('No process of gone runs')
    expect(isLoaded).toBe(false)
  })
})

describe('a remediator', () => {
  const ask = async (remediator: TestRemediator, route: string, init: RequestInit = {}): Promise<Response> =>
    fetch(remediator.url + route, { ...init, headers: { authorization: `Bearer ${remediator.token}` } })

  async function withChecks(
    suite: readonly unknown[],
    checks: Readonly<Record<string, unknown>> = {},
    policies: readonly Readonly<Record<string, unknown>>[] = [],
  ) {
    return startWith([...policies, { name: 'tell', match: ['remediate=~".+"'], action: 'notify' }], {
      config: { checks: { ...checks, suite } },
    })
  }

  test('runs checks after its start and on schedule, keeps the results and publishes them', async () => {
    const remediator = await withChecks(
      [
        { name: 'good', kind: 'command', argv: ['/bin/true'] },
        { name: 'bad', kind: 'command', argv: ['/bin/false'], program: 'shop' },
        { name: 'nowhere', kind: 'http', url: '{{exporter}}/' },
      ],
      { after_start_seconds: 0, interval_seconds: 5 },
    )
    const metrics = await waitFor('the metrics of all three', async () => {
      const text = await (await fetch(`${remediator.url}/metrics`)).text()
      return text.includes('procwarden_check_runs_total{check="nowhere",outcome="skipped"} 1') && text
    })
    expect(metrics).toContain('procwarden_check_success{check="good",group=""} 1')
    expect(metrics).toContain('procwarden_check_success{check="bad",group="shop"} 0')
    expect(metrics).not.toContain('procwarden_check_success{check="nowhere"')
    expect(metrics).toContain('procwarden_check_error_ratio{check="bad",group="shop"} 1')
    const history = await waitFor('a second round', async () => {
      const runs = (await (await ask(remediator, '/api/checks/history?check=good')).json()) as Array<{ trigger: string }>
      return runs.length >= 2 && runs
    })
    expect(history.map((each) => each.trigger).slice(-2)).toEqual(['schedule', 'start'])
    const status = (await (await ask(remediator, '/api/status')).json()) as { watchdog: unknown }
    expect(status.watchdog).toMatchObject({ checks: { passed: 1, failing: ['bad'], drifting: [], notTried: ['nowhere'] } })
  })

  test('runs one on request, and says when there is none', async () => {
    const remediator = await withChecks([{ name: 'good', kind: 'command', argv: ['/bin/true'] }], { enabled: false })
    const response = await ask(remediator, '/api/checks/good/run', { method: 'POST' })
    expect(await response.json()).toMatchObject({ check: 'good', outcome: 'passed', trigger: 'hand', drift: [] })
    expect((await ask(remediator, '/api/checks/bad/run', { method: 'POST' })).status).toBe(404)
    expect(await (await ask(remediator, '/api/checks')).json()).toMatchObject([
      { name: 'good', last: { outcome: 'passed' }, healthy: null },
    ])
  })

  test('tells what drifts from a saved baseline, and goes without one that is broken', async () => {
    const url = await httpEndpoint((_request, response) => void setTimeout(() => response.end(), 150))
    const stateDir = temporaryDirectory()
    writeFileSync(
      path.join(stateDir, 'baseline.json'),
      JSON.stringify({ version: 1, at: new Date().toISOString(), checks: { page: { latencyP95Seconds: 0.001 } } }),
    )
    const configFile = path.join(temporaryDirectory(), 'remediator.yml')
    writeFileSync(configFile, JSON.stringify({ checks: { enabled: false, suite: [{ name: 'page', kind: 'http', url, requests: 4 }] } }))
    const remediator = await startRemediator({ stateDir, configFile })
    const result = (await (await ask(remediator, '/api/checks/page/run', { method: 'POST' })).json()) as {
      outcome: string
      drift: string[]
    }
    expect(result.outcome).toBe('passed')
    // A millisecond counts as the 50 ms that are configured.
    expect(result.drift.join()).toContain('times the healthy 50 ms')
    const metrics = await (await fetch(`${remediator.url}/metrics`)).text()
    expect(metrics).toContain('procwarden_check_baseline_latency_p95_seconds{check="page",group=""} 0.05')
    writeFileSync(path.join(stateDir, 'baseline.json'), 'no JSON')
    expect(await (await ask(remediator, '/api/checks/page/run', { method: 'POST' })).json()).toMatchObject({ outcome: 'passed', drift: [] })
  })

  test('verifies by the check: what the first attempt does not mend, the second does', async () => {
    const healed = path.join(temporaryDirectory(), 'healed')
    const mend = script(['test "$PROCWARDEN_ATTEMPT" = 2 && touch ' + healed, 'exit 0'])
    const remediator = await withChecks([{ name: 'page', kind: 'command', argv: ['/usr/bin/test', '-e', healed] }], { enabled: false }, [
      { name: 'mend', match: ['alertname="CheckFailed"'], ladder: [{ action: 'command', argv: [mend] }], verify: ['check'] },
    ])
    await alarm(remediator, { labels: { alertname: 'CheckFailed', remediate: 'command', check: 'page' } })
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({ outcome: 'executed', attempts: 2, target: { kind: 'check', name: 'page' } })
    expect(incident.summary).toContain('the check page passes')
    const history = (await (await ask(remediator, '/api/checks/history')).json()) as Array<{ outcome: string; trigger: string }>
    expect(history.map(({ outcome, trigger }) => [trigger, outcome])).toEqual([
      ['verification', 'passed'],
      ['verification', 'failed'],
    ])
  })

  test('a synthetic alert becomes an incident that nobody sees unless it is asked for', async () => {
    const remediator = await withChecks([], { enabled: false })
    await alarm(remediator, { labels: { alertname: 'ProcwardenRoundtrip', remediate: 'notify', nonce: 'n1' } })
    const named = await waitFor('the incident', async () => {
      const found = (await (await ask(remediator, '/api/incidents?alertname=ProcwardenRoundtrip')).json()) as Array<{
        status: string
        timeline: unknown[]
      }>
      return found.some(({ status }) => status === 'done') && found
    })
    expect(named).toMatchObject([{ outcome: 'notified', timeline: [] }])
    expect(await incidentsOf(remediator)).toEqual([])
    const status = (await (await ask(remediator, '/api/status')).json()) as { incidents: Record<string, number> }
    expect(status.incidents['done']).toBe(0)
    expect(await (await fetch(`${remediator.url}/metrics`)).text()).not.toContain('procwarden_remediation_actions_total{')
  })
})
