/** Owns the remediator's HTTP routes: the webhook, the API, the console and the metrics. Everything but health and metrics needs a token. */
import type { Express, NextFunction, Request, Response } from 'express'
import { OperationalError, messageOf } from '../lib/errors.ts'
import { createWebApp } from '../lib/express-app.ts'
import type { ListenAddress } from '../lib/http.ts'
import type { Logger } from '../lib/log.ts'
import { createAuthenticate, type AuthenticateOptions } from './api/authenticate.ts'
import type { ApiContext } from './api/context.ts'
import { mountRoutes, requireScope } from './api/mount.ts'
import { createRateLimit } from './api/rate-limit.ts'
import { apiRoutes } from './api/routes.ts'
import type { Console } from './console/console.ts'
import { createDeliveryQueue, type DeliveryQueue } from './delivery-queue.ts'
import { mountLinks } from './links/link-routes.ts'
import type { RemediatorMetrics } from './metrics.ts'
import { createBodyReader } from './read-body.ts'
import { parseWebhookPayload } from './webhook-payload.ts'

export interface AppOptions {
  readonly address: ListenAddress
  readonly version: string
  readonly log: Logger
  readonly metrics: RemediatorMetrics
  /** As it is now: a reload may change it. */
  readonly authentication: () => AuthenticateOptions
  readonly reload: () => Promise<void>
  /** Names besides the machine's own by which people reach it. */
  readonly ownNames: () => readonly string[]
  /** What links in mails are signed with; undefined where there are none. */
  readonly linkSecret: () => string | undefined
  /** Undefined when ready, else the sentence that says what is missing. */
  readonly notReady: () => string | undefined
  readonly context: ApiContext
  readonly console: Console
}

/** 10,000 alerts with long labels fit. */
const BODY_BYTES_MAX = 32 * 2 ** 20
const RETRY_AFTER_SECONDS = 5
/** For each address. A person and a dashboard stay far below it. */
const API_RATE = { perSecond: 100, burst: 300 }
/** Without a token anybody may ask: guessing is hopeless, and this keeps it cheap. */
const LINK_RATE = { perSecond: 1, burst: 30 }

export function createApp(options: AppOptions): Express {
  const { address, reload, notReady, metrics, log, context } = options
  const app = createWebApp({ address, reload, notReady, ownNames: options.ownNames })
  const authenticate = createAuthenticate(options.authentication)
  const deliveries = createDeliveryQueue(context.database, context.clock)
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
  const countAnswer = (_request: Request, response: Response, next: NextFunction): void => {
    response.on('finish', () => metrics.webhookAnswered(response.statusCode))
    next()
  }
  const bytes = createBodyReader(BODY_BYTES_MAX)
  // The token is looked at before the body is read: a stranger cannot make us parse. There is no rate limit: Alertmanager
  // takes a 4xx for a final no, and the alert would be lost.
  app.post(['/api/webhook', '/webhook'], countAnswer, requireScope('receive', authenticate), bytes, (request, response) =>
    receive(request, response, deliveries, context.onWork),
  )
  const rateLimit = createRateLimit({ ...API_RATE, nowMs: () => performance.now() })
  mountRoutes(app, apiRoutes(context, options.version), { authenticate, rateLimit })
  const linkRate = createRateLimit({ ...LINK_RATE, nowMs: () => performance.now() })
  mountLinks(app, { context, secret: options.linkSecret, rateLimit: linkRate })
  options.console.mount(app)
  app.use((_request, response) => void response.status(404).json({ error: 'there is nothing at this address' }))
  app.use(answerError(log, metrics))
  return app
}

/** Durable first, then 200. What cannot be made durable is not acknowledged, so that Alertmanager sends it again. */
async function receive(request: Request, response: Response, deliveries: DeliveryQueue, onWork: () => void): Promise<void> {
  const body: unknown = request.body
  const payload = parseWebhookPayload(Buffer.isBuffer(body) ? body : Buffer.alloc(0))
  if (!payload.ok) {
    response.status(400).json({ error: 'this is not a webhook payload of version 4', faults: payload.faults })
    return
  }
  await deliveries.accept(payload.alerts)
  response.status(200).json({ accepted: payload.count })
  onWork()
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
        .json({ error: retryWords(error.reason), reason: error.reason })
      return
    }
    const status = senderFaultStatus(error)
    if (status === undefined) log.error('A request failed', { error: messageOf(error) })
    response
      .status(status ?? 500)
      .json(status === undefined ? { error: 'internal error' } : { error: 'the request cannot be read', faults: [messageOf(error)] })
  }
}

function retryWords(reason: string): string {
  if (reason === 'not_leader') return 'this remediator stands by for another one on the same store: ask that one'
  return 'the store cannot be written right now; send it again'
}

/** body-parser and express' router mark what the sender did wrong with a 4xx status. */
function senderFaultStatus(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined
  const isTheirs = typeof error.status === 'number' && error.status >= 400 && error.status < 500
  return isTheirs && (error instanceof URIError || ('expose' in error && error.expose === true)) ? Number(error.status) : undefined
}
