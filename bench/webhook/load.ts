/** Owns deliveries as Alertmanager sends them: at a steady rate whatever the answers take, and how long each took. */
import http from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

export interface Target {
  readonly url: string
  readonly token: string
}

export interface Delivery {
  /** From the moment it was due until the answer was read: a sender that falls behind counts too. */
  readonly milliseconds: number
  /** 0 when there was no answer. */
  readonly status: number
}

const TIMEOUT_MS = 60_000

/** Alertmanager's payload, version 4, with alerts that were never sent before. */
export function payload(count: number, labels: Readonly<Record<string, string>>, first = 0): string {
  const startsAt = new Date().toISOString()
  const alerts = Array.from({ length: count }, (_, index) => ({
    status: 'firing',
    labels: {
      alertname: 'ProcessFileCreationStorm',
      severity: 'critical',
      job: 'procwarden-exporter',
      instance: '127.0.0.1:9930',
      directory: `/srv/documents/${first + index}`,
      ...labels,
    },
    annotations: {
      summary: `A program creates files faster than it ever did: ${first + index}`,
      description: 'The program writes identical documents into the folder. It created 3000 in the last five minutes, and 0 before.',
      runbook_url: 'https://github.com/procwarden/procwarden/blob/main/docs/runbooks/ProcessFileCreationStorm.md',
      current: '3000',
      baseline: '0',
      threshold: '100',
      unit: 'files',
    },
    startsAt,
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: 'http://127.0.0.1:9090/graph',
    fingerprint: (first + index + 1).toString(16).padStart(16, '0'),
  }))
  const empty = { groupLabels: {}, commonLabels: {}, commonAnnotations: {}, externalURL: 'http://127.0.0.1:9093', groupKey: '{}:{}' }
  return JSON.stringify({ version: '4', receiver: 'procwarden', status: 'firing', truncatedAlerts: 0, ...empty, alerts })
}

/** One delivery after the other, each when it is due. */
export async function steadyLoad(
  target: Target,
  load: { readonly perSecond: number; readonly seconds: number; readonly body: (index: number) => string },
  signal: AbortSignal,
): Promise<Delivery[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 })
  const startMs = performance.now()
  const sent: Array<Promise<Delivery>> = []
  try {
    for (let index = 0; index < load.perSecond * load.seconds; index++) {
      const dueMs = startMs + (index * 1000) / load.perSecond
      const early = dueMs - performance.now()
      if (early > 1) await delay(early, undefined, { signal })
      sent.push(deliver(target, load.body(index), agent, dueMs))
    }
    return await Promise.all(sent)
  } finally {
    agent.destroy()
  }
}

export function deliver(target: Target, body: string, agent?: http.Agent, dueMs = performance.now()): Promise<Delivery> {
  const headers = { authorization: `Bearer ${target.token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  return new Promise((resolve) => {
    const done = (status: number): void => resolve({ milliseconds: performance.now() - dueMs, status })
    const options = { method: 'POST', headers, timeout: TIMEOUT_MS, ...(agent ? { agent } : {}) }
    const request = http.request(new URL('/api/webhook', target.url), options, (response) => {
      response.resume()
      response.once('end', () => done(response.statusCode ?? 0))
      response.once('error', () => done(0))
    })
    request.once('timeout', () => request.destroy(new Error('timeout')))
    request.once('error', () => done(0))
    request.end(body)
  })
}
