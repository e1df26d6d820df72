/** Owns running a real remediator in tests, in this process or as the command, and talking to its webhook. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createLogger } from '../../src/lib/log.ts'
import type { RemediatorOptions } from '../../src/remediator/config.ts'
import type { IncidentView } from '../../src/remediator/incident-view.ts'
import { runRemediator, type RemediatorHooks } from '../../src/remediator/main.ts'
import { afterTest, temporaryDirectory, temporaryProcess } from './temporary.ts'
import { waitFor } from './wait-for.ts'

export interface TestRemediator {
  readonly url: string
  readonly stateDir: string
  readonly token: string
  close(): Promise<void>
}

const CLI = path.resolve(import.meta.dirname, '../../src/cli/main.ts')

export async function startRemediator({
  hooks,
  ...options
}: Partial<RemediatorOptions> & { readonly hooks?: RemediatorHooks } = {}): Promise<TestRemediator> {
  const stateDir = options.stateDir ?? temporaryDirectory()
  const log = createLogger({ level: 'error', format: 'text', part: 'remediator', destination: { write: () => undefined } })
  const remediator = await runRemediator({ address: { host: '127.0.0.1', port: 0 }, mode: 'auto', ...options, stateDir }, log, hooks)
  let isClosed = false
  const close = async (): Promise<void> => {
    if (isClosed) return
    isClosed = true
    await remediator.close()
  }
  afterTest(close)
  return { url: remediator.url, stateDir, token: readTokenOf(stateDir), close }
}

/**
 * The remediator as its own process, ready to be killed. Resolves when it listens. Behind a command line that goes on to run its
 * arguments, such as nsenter, where one is given.
 */
export async function spawnRemediator(
  stateDir: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
  behind: readonly string[] = [],
) {
  const [command, ...before] = [...behind, process.execPath]
  if (command === undefined) throw new Error('there is always a program to run')
  const child = await temporaryProcess(
    command,
    [...before, CLI, 'remediator', '--state.dir', stateDir, '--web.listen-address', '127.0.0.1:0', '--mode', 'auto', ...args],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...environment },
    },
  )
  let output = ''
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const url = await waitFor('the remediator to listen', () => /Ready on (http:\S+),/.exec(output)?.[1])
  return { child, url, token: readTokenOf(stateDir), output: () => output }
}

export interface AlertInput {
  readonly labels?: Record<string, string>
  readonly annotations?: Record<string, string>
  readonly status?: 'firing' | 'resolved'
  readonly startsAt?: Date
  readonly fingerprint?: string
}

/** An alert as Alertmanager 0.25 sends it. */
export function alertOf({ labels = {}, annotations = {}, status = 'firing', startsAt = new Date(), fingerprint = 'f00d' }: AlertInput) {
  return {
    status,
    labels: {
      alertname: 'ProcessFileCreationStorm',
      severity: 'critical',
      remediate: 'kill',
      instance: '127.0.0.1:9930',
      job: 'procwarden-exporter',
      ...labels,
    },
    annotations,
    startsAt: startsAt.toISOString(),
    endsAt: status === 'resolved' ? new Date().toISOString() : '0001-01-01T00:00:00Z',
    generatorURL: 'http://127.0.0.1:9090/graph',
    fingerprint,
  }
}

export function payloadOf(alerts: readonly unknown[]) {
  return {
    version: '4',
    groupKey: '{}:{}',
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'procwarden',
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: '',
    alerts,
  }
}

export function post(url: string, token: string, body: unknown): Promise<Response> {
  return fetch(`${url}/api/webhook`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

export async function incidentsOf({ url, token }: { url: string; token: string }): Promise<IncidentView[]> {
  const response = await fetch(`${url}/api/incidents`, { headers: { authorization: `Bearer ${token}` } })
  return (await response.json()) as IncidentView[]
}

/** The only incident, once it is in one of the given states. */
export function settledIncident(
  remediator: { url: string; token: string },
  statuses: readonly string[] = ['done', 'cancelled'],
): Promise<IncidentView> {
  return waitFor(`an incident that is ${statuses.join(' or ')}`, async () =>
    (await incidentsOf(remediator)).find((incident) => statuses.includes(incident.status)),
  )
}

function readTokenOf(stateDir: string): string {
  return readFileSync(path.join(stateDir, 'webhook-token'), 'utf8').trim()
}
