/** Owns the remediator's HTTP routes: the webhook, the API and the metrics. Everything but health and metrics needs the token. */
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { OperationalError, messageOf } from '../lib/errors.ts'
import { createWebApp } from '../lib/express-app.ts'
import { landingPage, type ListenAddress } from '../lib/http.ts'
import { printable, type Logger } from '../lib/log.ts'
import { isAuthorized } from '../lib/token.ts'
import type { Clock } from '../lib/clock.ts'
import type { Journal } from './audit/journal.ts'
import { decideApproval, type ApprovalAnswer } from './decide-approval.ts'
import { viewIncident, viewIncidents } from './incident-view.ts'
import type { RemediatorMetrics } from './metrics.ts'
import type { Database } from './store/database.ts'
import { acceptDelivery } from './store/inbox.ts'
import { getIncident } from './store/incidents.ts'
import { parseWebhookPayload } from './webhook-payload.ts'

export interface AppOptions {
  readonly address: ListenAddress
  readonly database: Database
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: RemediatorMetrics
  readonly token: string
  readonly reload: () => Promise<void>
  /** There is something new to work on. */
  readonly onWork: () => void
}

const TITLE = 'procwarden remediator'
const DESCRIPTION = 'Receives alerts from Alertmanager and acts on them within its policies.'
/** 10,000 alerts with long labels fit. */
const BODY_LIMIT = '32mb'
const RETRY_AFTER_SECONDS = 5
const INCIDENTS_MAX = 1_000
const BY_LENGTH_MAX = 100

export function createApp(options: AppOptions): Express {
  const { address, reload, metrics, log } = options
  const links = [
    { path: '/metrics', text: 'Metrics' },
    { path: '/-/healthy', text: 'Health' },
  ]
  const app = createWebApp({ address, reload, notReady: () => undefined })
  const needsToken = requireToken(options.token)
  const json = express.json({ limit: BODY_LIMIT, type: () => true })

  app.get('/', (_request, response) => void response.type('html').send(landingPage({ title: TITLE, description: DESCRIPTION, links })))
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
  const countAnswer = (_request: Request, response: Response, next: NextFunction): void => {
    response.on('finish', () => metrics.webhookAnswered(response.statusCode))
    next()
  }
  // The token is looked at before the body is read: a stranger cannot make us parse.
  app.post(['/api/webhook', '/webhook'], countAnswer, needsToken, json, (request, response) => receive(request, response, options))
  app.get('/api/incidents', needsToken, (_request, response) => void response.json(viewIncidents(options.database, INCIDENTS_MAX)))
  app.get('/api/incidents/:id', needsToken, (request, response) => {
    const incident = getIncident(options.database, String(request.params['id']))
    if (incident) response.json(viewIncident(options.database, incident))
    else response.status(404).json({ error: 'there is no such incident' })
  })
  for (const answer of ['approve', 'deny'] as const) {
    app.post(`/api/incidents/:id/${answer}`, needsToken, json, (request, response) => answerApproval(answer, request, response, options))
  }
  app.use((_request, response) => void response.status(404).json({ error: 'there is nothing at this address' }))
  app.use(answerError(log, metrics))
  return app
}

/** Durable first, then 200. What cannot be made durable is not acknowledged, so that Alertmanager sends it again. */
function receive(request: Request, response: Response, { database, clock, onWork }: AppOptions): void {
  const payload = parseWebhookPayload(request.body)
  if (!payload.ok) {
    response.status(400).json({ error: 'this is not a webhook payload of version 4', faults: payload.faults })
    return
  }
  acceptDelivery(database, payload.alerts, new Date(clock.nowMs()).toISOString())
  response.status(200).json({ accepted: payload.alerts.length })
  onWork()
}

function answerApproval(answer: ApprovalAnswer, request: Request, response: Response, options: AppOptions): void {
  const body: unknown = request.body
  const by =
    typeof body === 'object' && body !== null && 'by' in body && typeof body.by === 'string'
      ? printable(body.by).slice(0, BY_LENGTH_MAX)
      : 'somebody with the token'
  const result = decideApproval(String(request.params['id']), answer, by, options)
  if (result.kind === 'unknown') {
    response.status(404).json({ error: 'there is no such incident' })
    return
  }
  if (result.kind === 'not_asking') {
    response
      .status(409)
      .json({ error: `the incident does not wait for an answer: ${result.incident.status}, ${result.incident.summary ?? 'in work'}` })
    return
  }
  options.onWork()
  response.json(viewIncident(options.database, result.incident))
}

function requireToken(token: string) {
  return (request: Request, response: Response, next: NextFunction): void => {
    if (isAuthorized(request.headers.authorization, token)) return next()
    response.status(401).set('WWW-Authenticate', 'Bearer realm="procwarden"').json({ error: 'the bearer token is missing or wrong' })
  }
}

/** Faults of the body are the sender's (400, 413); a store that fails is ours, and temporary (503); nothing internal leaks. */
function answerError(log: Logger, metrics: RemediatorMetrics) {
  return (error: unknown, _request: Request, response: Response, next: NextFunction): void => {
    if (response.headersSent) return next(error)
    if (error instanceof OperationalError) {
      metrics.storeFailed(error.reason)
      log.error('A request could not be made durable and was not acknowledged', { reason: error.reason, error: messageOf(error) })
      response
        .status(503)
        .set('Retry-After', String(RETRY_AFTER_SECONDS))
        .json({ error: 'the store cannot be written right now; send it again', reason: error.reason })
      return
    }
    const status = bodyFaultStatus(error)
    if (status === undefined) log.error('A request failed', { error: messageOf(error) })
    response
      .status(status ?? 500)
      .json(status === undefined ? { error: 'internal error' } : { error: 'the body cannot be read', faults: [messageOf(error)] })
  }
}

/** body-parser marks what the sender did wrong with a 4xx status and `expose`. */
function bodyFaultStatus(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error) || !('expose' in error)) return undefined
  return typeof error.status === 'number' && error.status >= 400 && error.status < 500 && error.expose === true ? error.status : undefined
}
