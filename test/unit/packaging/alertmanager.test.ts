/** Tests the shipped Alertmanager configuration: its routes by amtool, and what a real Alertmanager sends and holds back. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { ROOT, requireTool } from '../rules/shipped-rules.ts'
import { freePort, startProgram, type RunningProgram } from './running-program.ts'

const CONFIG = path.join(ROOT, 'alertmanager/alertmanager.yml')
const WAIT = { timeout: 15_000, interval: 50 }

describe('the routes', () => {
  test('amtool accepts the file', () => {
    const { status, stdout, stderr } = spawnSync(requireTool('amtool'), ['check-config', CONFIG], { encoding: 'utf8' })
    expect(`${stdout}${stderr}`).toContain('SUCCESS')
    expect(status).toBe(0)
  })

  test.each([
    [['alertname=FileCreationStorm', 'severity=critical', 'remediate=kill'], 'procwarden-remediator'],
    [['alertname=ProcessFileCreationStorm', 'severity=critical', 'remediate=kill'], 'procwarden-remediator'],
    [['alertname=GroupFileCreationStorm', 'severity=critical', 'remediate=notify'], 'procwarden-remediator'],
    [['alertname=CpuAboveBaseline', 'severity=warning', 'remediate=notify'], 'procwarden-remediator'],
    [['alertname=ForkBomb', 'severity=critical', 'remediate=kill'], 'procwarden-remediator'],
    [['alertname=HostMemoryHigh', 'severity=critical', 'remediate=command'], 'procwarden-remediator'],
    [['alertname=SomebodyElses', 'severity=critical'], 'nobody'],
    [['alertname=FileCreationStorm', 'severity=critical', 'remediate='], 'nobody'],
  ])('%j goes to %s', (labels, receiver) => {
    const args = ['config', 'routes', 'test', `--config.file=${CONFIG}`, `--verify.receivers=${receiver}`, ...labels]
    const { status, stdout } = spawnSync(requireTool('amtool'), args, { encoding: 'utf8' })
    expect(stdout.trim()).toBe(receiver)
    expect(status).toBe(0)
  })
})

describe('a running Alertmanager', () => {
  const Payload = z.object({
    truncatedAlerts: z.number(),
    alerts: z.array(z.object({ status: z.string(), labels: z.record(z.string(), z.string()) })),
  })
  let folder: string
  let webhook: Server
  let alertmanager: RunningProgram
  let received: Array<{ readonly headers: IncomingHttpHeaders; readonly payload: z.infer<typeof Payload> }>

  beforeEach(async () => {
    received = []
    webhook = createServer((request, response) => {
      void text(request).then((body) => {
        received.push({ headers: request.headers, payload: Payload.parse(JSON.parse(body)) })
        response.end()
      })
    }).listen(0, '127.0.0.1')
    await once(webhook, 'listening')
    const { port } = z.object({ port: z.number() }).parse(webhook.address())
    folder = mkdtempSync(path.join(os.tmpdir(), 'procwarden-alertmanager-'))
    writeFileSync(path.join(folder, 'webhook-token'), 'secret-of-the-test\n')
    writeFileSync(path.join(folder, 'alertmanager.yml'), readFileSync(CONFIG, 'utf8').replace('127.0.0.1:9931', `127.0.0.1:${port}`))
    const address = `127.0.0.1:${await freePort()}`
    const args = [
      `--config.file=${folder}/alertmanager.yml`,
      `--storage.path=${folder}/data`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
    ]
    alertmanager = await startProgram(requireTool('alertmanager'), args, `http://${address}`)
  })

  afterEach(async () => {
    await alertmanager.stop()
    webhook.close()
    webhook.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  })

  test('sends one alert in each notification, with the token, at once', async () => {
    await fire([cpu('one'), cpu('two')])
    await vi.waitFor(() => expect(received).toHaveLength(2), WAIT)
    expect(received.map(({ payload }) => payload.alerts.map((alert) => alert.labels['group']).join()).toSorted()).toEqual(['one', 'two'])
    for (const { headers, payload } of received) {
      expect(headers.authorization).toBe('Bearer secret-of-the-test')
      expect(payload.truncatedAlerts).toBe(0)
    }
  })

  test('holds back the folder when the process is known, and only on the same host', async () => {
    const storm = { alertname: 'FileCreationStorm', remediate: 'kill', severity: 'critical', kind: 'anomaly', directory: '/data' }
    await fire([
      { ...storm, instance: 'a' },
      { ...storm, instance: 'b' },
      {
        alertname: 'ProcessFileCreationStorm',
        remediate: 'kill',
        severity: 'critical',
        kind: 'anomaly',
        group: 'app',
        pid: '42',
        instance: 'a',
      },
    ])
    await vi.waitFor(() => expect(sent()).toEqual(['FileCreationStorm b', 'ProcessFileCreationStorm a']), WAIT)
    await vi.waitFor(async () => expect(await inhibited()).toEqual(['FileCreationStorm a']), WAIT)
  })

  test('holds back a plain limit of the same program while an anomaly lasts', async () => {
    const limit = { alertname: 'CpuLimit', remediate: 'notify', severity: 'warning', kind: 'limit', instance: 'a' }
    const folderAnomaly = {
      alertname: 'FileCreationStorm',
      remediate: 'kill',
      severity: 'critical',
      kind: 'anomaly',
      directory: '/data',
      instance: 'a',
    }
    await fire([cpu('app'), folderAnomaly])
    await vi.waitFor(() => expect(sent()).toHaveLength(2), WAIT)
    await fire([
      { ...limit, group: 'app' },
      { ...limit, group: 'other' },
      // Names no program, and an anomaly without one must not silence it.
      { ...limit, alertname: 'DiskFull' },
    ])
    await vi.waitFor(() => expect(sent()).toEqual(['CpuAboveBaseline a', 'CpuLimit a', 'DiskFull a', 'FileCreationStorm a']), WAIT)
    await vi.waitFor(async () => expect(await inhibited()).toEqual(['CpuLimit a']), WAIT)
    expect(
      received.flatMap(({ payload }) => payload.alerts).find((alert) => alert.labels['alertname'] === 'CpuLimit')?.labels['group'],
    ).toBe('other')
  })

  test('says the same thing once: the most telling alert of a signal, a leak or a storm', async () => {
    const common = { severity: 'warning', kind: 'anomaly', remediate: 'notify', instance: 'a', group: 'app' }
    await fire([
      { ...common, alertname: 'CpuAboveBaseline', signal: 'cpu' },
      { ...common, alertname: 'MemoryLeakFast', signal: 'memory_leak_fast' },
    ])
    await vi.waitFor(() => expect(sent()).toHaveLength(2), WAIT)
    await fire([
      { ...common, alertname: 'SignalOutOfRange', signal: 'cpu' },
      { ...common, alertname: 'SignalOutOfRange', signal: 'reads', instance: 'b' },
      { ...common, alertname: 'SuddenAllocation', signal: 'allocation' },
      { ...common, alertname: 'SuddenAllocation', signal: 'allocation', group: 'other', instance: 'b' },
    ])
    await vi.waitFor(
      () => expect(sent()).toEqual(['CpuAboveBaseline a', 'MemoryLeakFast a', 'SignalOutOfRange b', 'SuddenAllocation b']),
      WAIT,
    )
    await vi.waitFor(async () => expect((await inhibited()).toSorted()).toEqual(['SignalOutOfRange a', 'SuddenAllocation a']), WAIT)
  })

  test('tells when an alert has resolved', async () => {
    await fire([cpu('app')])
    await vi.waitFor(() => expect(received).toHaveLength(1), WAIT)
    await fire([cpu('app')], new Date().toISOString())
    await vi.waitFor(() => expect(received.at(-1)?.payload.alerts[0]?.status).toBe('resolved'), { ...WAIT, timeout: 25_000 })
  })

  function cpu(group: string): Record<string, string> {
    return { alertname: 'CpuAboveBaseline', remediate: 'notify', severity: 'warning', kind: 'anomaly', group, instance: 'a' }
  }

  function sent(): string[] {
    return received.flatMap(({ payload }) => payload.alerts.map(({ labels }) => `${labels['alertname']} ${labels['instance']}`)).toSorted()
  }

  async function inhibited(): Promise<string[]> {
    const Alerts = z.array(z.object({ labels: z.record(z.string(), z.string()), status: z.object({ inhibitedBy: z.array(z.string()) }) }))
    const alerts = Alerts.parse(await (await fetch(`${alertmanager.url}/api/v2/alerts`)).json())
    return alerts.filter((alert) => alert.status.inhibitedBy.length > 0).map(({ labels }) => `${labels['alertname']} ${labels['instance']}`)
  }

  async function fire(alerts: ReadonlyArray<Record<string, string>>, endsAt?: string): Promise<void> {
    const body = alerts.map((labels) => ({ labels, annotations: {}, ...(endsAt === undefined ? {} : { endsAt }) }))
    const response = await fetch(`${alertmanager.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(response.status).toBe(200)
  }
})
