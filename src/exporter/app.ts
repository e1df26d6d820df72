/** Owns the exporter's HTTP routes. Never collects anything itself. */
import type { Express, Request, Response } from 'express'
import { messageOf } from '../lib/errors.ts'
import { createWebApp, landingPage, type ListenAddress } from '../lib/http.ts'
import type { Logger } from '../lib/log.ts'
import type { FilesView } from './api/files.ts'
import type { ProcessView } from './api/processes.ts'
import type { SystemApi } from './api/system.ts'
import type { StatusView } from './api/system-schemas.ts'
import { createMetricsRoute, type MetricsSource } from './metrics-route.ts'

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

export function createExporterApp(options: AppOptions): Express {
  const { address, notReady, reload, log, version } = options
  const app = createWebApp({ ...PAGE, address, notReady, reload })
  app.get('/', (_request, response) => void response.type('html').send(landingPage({ ...PAGE, version })))
  app.get('/metrics', createMetricsRoute(options.metrics, log))
  app.get('/api/status', (_request, response) => void response.json(options.status()))
  const { system } = options
  for (const part of SYSTEM_PARTS) app.get(`/api/system/${part}`, serveJson('host', system && (() => system[part]()), log))
  app.get('/api/processes', serveJson('processes', options.processes, log))
  app.get('/api/files', serveJson('files', options.files, log))
  return app
}

/** Errors in detail are for the log; a client learns only that there was one. */
function serveJson(name: string, view: (() => Promise<unknown>) | undefined, log: Logger) {
  return (_request: Request, response: Response): void => {
    if (view === undefined) {
      response.status(404).json({ error: `the ${name} collector is switched off` })
      return
    }
    view().then(
      (value) => response.json(value),
      (error: unknown) => {
        log.error(`/api/${name} could not be answered: ${messageOf(error)}`)
        response.status(503).json({ error: `the ${name} collector has no answer now` })
      },
    )
  }
}
