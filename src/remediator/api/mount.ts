/** Owns putting routes onto express: rate limit, authentication, scope and body, in this order, so that a stranger costs nothing. */
import express, { type Express, type Request, type RequestHandler, type Response } from 'express'
import { assert } from '../../lib/errors.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Route } from './route.ts'
import type { Identity, Scope } from './scope.ts'

/** Of everything but the webhook: names and reasons, and lists of paths to restore. */
const BODY_LIMIT = '1mb'

export interface MountOptions {
  readonly authenticate: (request: Request) => Identity | undefined
  readonly rateLimit: RateLimit
}

export function mountRoutes(app: Express, routes: readonly Route[], options: MountOptions): void {
  const json = express.json({ limit: BODY_LIMIT, type: () => true })
  for (const route of routes) {
    const guards = [limitRate(options.rateLimit), requireScope(route.scope, options.authenticate)]
    const handlers = route.method === 'post' ? [...guards, json] : guards
    app[route.method](route.path, ...handlers, (request, response) => answer(route, request, response, options))
  }
}

/** Answers 401 to a stranger and 403 to somebody who may do other things only. */
export function requireScope(scope: Scope, authenticate: MountOptions['authenticate']): RequestHandler {
  return (request, response, next) => {
    const identity = authenticate(request)
    if (identity?.scopes.has(scope)) return next()
    if (identity) {
      response.status(403).json({ error: `${identity.name} may not do this: it needs the scope "${scope}"` })
      return
    }
    response.status(401).set('WWW-Authenticate', 'Bearer realm="procwarden"').json({ error: 'the bearer token is missing or wrong' })
  }
}

async function answer(route: Route, request: Request, response: Response, { authenticate }: MountOptions): Promise<void> {
  const identity = authenticate(request)
  assert(identity, 'a request that passed its scope has an identity')
  const { id } = request.params
  const body: unknown = request.body
  const result = await route.run({ id: typeof id === 'string' ? id : '', query: { ...request.query }, body, identity })
  response
    .status(result.status)
    .set({ 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store', ...result.headers })
    .json(result.body)
}

function limitRate(rateLimit: RateLimit): RequestHandler {
  return (request, response, next) => {
    const waitSeconds = rateLimit.take(request.socket.remoteAddress ?? '')
    if (waitSeconds === 0) return next()
    response
      .status(429)
      .set('Retry-After', String(waitSeconds))
      .json({ error: `too many requests: try again in ${waitSeconds} s` })
  }
}
