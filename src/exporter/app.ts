/** Owns the exporter's HTTP routes. Never collects anything itself. */
import type { Express, Request, Response } from 'express'
import { messageOf } from '../lib/errors.ts'
import { createWebApp, landingPage, type ListenAddress } from '../lib/http.ts'
import type { Logger } from '../lib/log.ts'
import type { FilesView } from './api/files.ts'
import type { ProcessView } from './api/processes.ts'
import { EXPOSITION_CONTENT_TYPE } from './exposition.ts'

export interface AppOptions {
  readonly address: ListenAddress
  readonly log: Logger
  readonly notReady: () => string | undefined
  readonly reload: () => Promise<void>
  readonly metrics: () => Promise<string>
  /** Undefined when the collector is switched off. */
  readonly processes: (() => Promise<ProcessView[]>) | undefined
  readonly files: (() => Promise<FilesView>) | undefined
}

const PAGE = {
  title: 'procwarden exporter',
  description: 'Measures every process of this machine and every file created below the watched folders.',
  links: [
    { path: '/metrics', text: 'Metrics' },
    { path: '/api/processes', text: 'All processes as JSON' },
    { path: '/api/files', text: 'Watched folders as JSON' },
    { path: '/-/healthy', text: 'Healthy' },
    { path: '/-/ready', text: 'Ready' },
  ],
} as const

export function createExporterApp(options: AppOptions): Express {
  const { address, notReady, reload, log } = options
  const app = createWebApp({ ...PAGE, address, notReady, reload })
  app.get('/', (_request, response) => void response.type('html').send(landingPage(PAGE)))
  app.get('/metrics', (_request, response) => {
    options.metrics().then(
      (text) => response.set('Content-Type', EXPOSITION_CONTENT_TYPE).send(text),
      (error: unknown) => {
        log.error(`the metrics could not be written: ${messageOf(error)}`)
        response.status(500).type('text').send('the metrics could not be written; the log says why\n')
      },
    )
  })
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
