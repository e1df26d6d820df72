/** Owns the exporter's HTTP routes. Never collects anything itself. */
import type { RequestListener, ServerResponse } from 'node:http'
import { messageOf } from '../lib/errors.ts'
import { FOREIGN_ANSWER, createForeignCheck, landingPage, type ListenAddress } from '../lib/http.ts'
import type { Logger } from '../lib/log.ts'
import type { FilesView } from './api/files.ts'
import type { ProcessView } from './api/processes.ts'
import type { SystemApi } from './api/system.ts'
import type { StatusView } from './api/system-schemas.ts'
import { createMetricsRoute, type MetricsSource } from './metrics-route.ts'
import { createRouter, sendJson, sendText, type Handler, type Route } from './router.ts'

export interface AppOptions {
  readonly address: ListenAddress
  readonly log: Logger
  readonly notReady: () => string | undefined
  readonly reload: () => Promise<void>
  readonly metrics: MetricsSource
  readonly version: string
  readonly status: () => StatusView
  /** Undefined when the collector is switched off. */
  readonly system: SystemApi | undefined
  readonly processes: (() => Promise<ProcessView[]>) | undefined
  readonly files: (() => Promise<FilesView>) | undefined
}

const PAGE = {
  title: 'procwarden exporter',
  description: 'Measures every process of this machine and every file created below the watched folders.',
  links: [
    { path: '/metrics', text: 'Metrics' },
    { path: '/api/status', text: 'Status as JSON' },
    { path: '/api/system/overview', text: 'Why the machine is busy, as JSON' },
    { path: '/api/processes', text: 'All processes as JSON' },
    { path: '/api/files', text: 'Watched folders as JSON' },
    { path: '/-/healthy', text: 'Healthy' },
    { path: '/-/ready', text: 'Ready' },
  ],
} as const

const SYSTEM_PARTS = ['overview', 'cpu', 'memory', 'disk', 'network'] as const

export function createExporterApp(options: AppOptions): RequestListener {
  const { address, log, version, system } = options
  const get = (path: string, handle: Handler): Route => ({ method: 'GET', path, handle })
  const isForeign = createForeignCheck(address)
  const router = createRouter(
    [
      get('/', (_request, response) => sendText(response, 200, landingPage({ ...PAGE, version }), 'text/html')),
      get('/-/healthy', (_request, response) => sendText(response, 200, 'healthy\n')),
      get('/-/ready', (_request, response) => sendReadiness(response, options.notReady())),
      { method: 'POST', path: '/-/reload', handle: (_request, response) => reload(response, options.reload) },
      get('/metrics', createMetricsRoute(options.metrics, log)),
      get('/api/status', (_request, response) => sendJson(response, 200, options.status())),
      ...SYSTEM_PARTS.map((part) => get(`/api/system/${part}`, serveJson('host', system && (() => system[part]()), log))),
      get('/api/processes', serveJson('processes', options.processes, log)),
      get('/api/files', serveJson('files', options.files, log)),
    ],
    log,
  )
  return (request, response) => {
    if (isForeign(request)) sendText(response, 403, FOREIGN_ANSWER)
    else router(request, response)
  }
}

function sendReadiness(response: ServerResponse, missing: string | undefined): void {
  if (missing === undefined) sendText(response, 200, 'ready\n')
  else sendText(response, 503, `${missing}\n`)
}

async function reload(response: ServerResponse, read: () => Promise<void>): Promise<void> {
  try {
    await read()
    sendText(response, 200, 'reloaded\n')
  } catch (error) {
    sendText(response, 400, `${error instanceof Error ? error.message : messageOf(error)}\n`)
  }
}

/** Errors in detail are for the log; a client learns only that there was one. */
function serveJson(name: string, view: (() => Promise<unknown>) | undefined, log: Logger): Handler {
  return async (_request, response) => {
    if (view === undefined) {
      sendJson(response, 404, { error: `the ${name} collector is switched off` })
      return
    }
    try {
      sendJson(response, 200, await view())
    } catch (error) {
      log.error(`/api/${name} could not be answered: ${messageOf(error)}`)
      sendJson(response, 503, { error: `the ${name} collector has no answer now` })
    }
  }
}
