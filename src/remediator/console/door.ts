/** Owns the way in: whose request it is, signing in and out, and whether a form may act. */
import type { Express, Request, RequestHandler, Response } from 'express'
import { createRateLimit } from '../api/rate-limit.ts'
import type { Assets } from './assets.ts'
import { PAGE_HEADERS, isFollowedLink, isOwnForm } from './browser-rules.ts'
import type { ConsoleContext } from './context.ts'
import { endedCookie, sessionCookie, sessionIdOf } from './cookies.ts'
import type { Visit } from './page.ts'
import { personByAdmission, personByToken, scopesNow } from './people.ts'
import { Sessions, digestOf, isSameSecret, type Person } from './sessions.ts'
import { againPage, linkPage, messagePage, signInPage } from './views/sign-in.ts'

export interface DoorOptions extends Pick<ConsoleContext, 'authentication' | 'links' | 'clock' | 'log'> {
  readonly assets: Assets
  readonly host: string
  readonly monotonicMs: () => number
}

type Fields = Readonly<Record<string, unknown>>

export interface Door {
  mount(app: Express, guard: readonly RequestHandler[], form: RequestHandler): void
  /** Undefined for who is not signed in. `isByPerson`: false for what a page does by itself. */
  visitOf(request: Request, isByPerson?: boolean): Visit | undefined
  /** A name for the session of a request, which is not its id; undefined for who is not signed in. */
  sessionOf(request: Request): string | undefined
  /** What a form sent; undefined when it is not a form of this session. */
  fieldsOf(request: Request, visit: Visit): Fields | undefined
  /** Answers with the way in. */
  askIn(request: Request, response: Response): void
  /** Whether a page looks by itself for what is new. */
  isByItself(request: Request): boolean
  /** A path of ours out of what a form says; the first page for anything else. */
  localPath(value: unknown): string
}

/** For each address: a token has 256 bits, so this is against noise, not against luck. */
const SIGN_IN_RATE = { perSecond: 0.5, burst: 10 }

export function createDoor(options: DoorOptions): Door {
  const { authentication, clock } = options
  const sessions = new Sessions(options.monotonicMs)
  const isByItself = (request: Request): boolean => request.get('X-Procwarden-Refresh') !== undefined || request.path === '/events'
  const door: Door = {
    mount: (app, guard, form) => mountDoor(app, guard, form, door, sessions, options),
    visitOf: (request, isByPerson = !isByItself(request)) => {
      const id = sessionIdOf(request)
      const session = id === undefined ? undefined : sessions.find(id, isByPerson)
      if (!session) return undefined
      const scopes = scopesNow(session, request, authentication())
      return scopes.has('read') ? { request, session, mayAct: scopes.has('act'), nowMs: clock.nowMs() } : undefined
    },
    sessionOf: (request) => {
      const id = sessionIdOf(request)
      return id !== undefined && door.visitOf(request) ? digestOf(id) : undefined
    },
    fieldsOf: (request, { session }) => {
      const fields = bodyOf(request)
      const csrf = fields['csrf']
      return isOwnForm(request) && typeof csrf === 'string' && isSameSecret(csrf, session.csrf) ? fields : undefined
    },
    askIn: (request, response) => askIn(request, response, options),
    isByItself,
    localPath,
  }
  return door
}

function mountDoor(
  app: Express,
  guard: readonly RequestHandler[],
  form: RequestHandler,
  door: Door,
  sessions: Sessions,
  options: DoorOptions,
): void {
  const { assets, host, links, authentication } = options
  const limit = createRateLimit({ ...SIGN_IN_RATE, nowMs: options.monotonicMs })
  const begin = (request: Request, response: Response, person: Person, next: string): void => {
    const old = sessionIdOf(request)
    if (old !== undefined) sessions.end(old)
    options.log.info(`${person.name} signed in to the console`, { from: request.socket.remoteAddress })
    response.set({ ...PAGE_HEADERS, 'Set-Cookie': sessionCookie(request, sessions.begin(person)) }).redirect(303, next)
  }
  const mayTry = (request: Request, response: Response): boolean => {
    if (!isOwnForm(request)) {
      show(response, 403, messagePage(assets, 'Not from here', 'Only the sign-in page of procwarden itself signs in.'))
      return false
    }
    const waitSeconds = limit.take(request.socket.remoteAddress ?? '')
    if (waitSeconds === 0) return true
    response.set('Retry-After', String(waitSeconds))
    show(response, 429, messagePage(assets, 'Too many attempts', `Try again in ${waitSeconds} s.`))
    return false
  }
  app.get('/sign-in', ...guard, (request, response) => askIn(request, response, options, 200))
  app.post('/sign-in', ...guard, form, (request, response) => {
    if (!mayTry(request, response)) return
    const { token, name, as, next } = bodyOf(request)
    const person =
      as === 'admitted' ? personByAdmission(request, authentication()) : personByToken(textOf(token), textOf(name), authentication())
    if (person) return begin(request, response, person, localPath(next))
    options.log.warn('A sign-in to the console failed', { from: request.socket.remoteAddress })
    askIn(request, response, options, 401, 'This token is not right. See that all of it was copied.')
  })
  app.get('/sign-in/:code', ...guard, (request, response) => {
    const { code } = request.params
    const isGood = typeof code === 'string' && links.isGood(code)
    show(response, isGood ? 200 : 410, linkPage(assets, host, String(code), isGood))
  })
  app.post('/sign-in/:code', ...guard, form, (request, response) => {
    if (!mayTry(request, response)) return
    const person = links.use(String(request.params['code']))
    if (person) begin(request, response, person, '/')
    else show(response, 410, linkPage(assets, host, '', false))
  })
  app.post('/sign-out', ...guard, form, (request, response) => {
    const visit = door.visitOf(request)
    const id = sessionIdOf(request)
    // Only a form of this session ends it: a page elsewhere shall not even do that.
    if (visit && id !== undefined && door.fieldsOf(request, visit)) {
      sessions.end(id)
      response.set('Set-Cookie', endedCookie(request))
    }
    response.set(PAGE_HEADERS).redirect(303, '/')
  })
}

function askIn(request: Request, response: Response, options: DoorOptions, status = 401, fault?: string): void {
  const { assets, host, authentication } = options
  const isPage = request.method === 'GET'
  const next = isPage && request.path !== '/sign-in' ? request.originalUrl : localPath(bodyOf(request)['next'] ?? request.query['next'])
  if (isPage && isFollowedLink(request)) return show(response, 200, againPage(assets, request.originalUrl))
  const admitted = personByAdmission(request, authentication())?.name
  show(response, status, signInPage({ assets, host, next: localPath(next), fault, admitted }))
}

function localPath(value: unknown): string {
  if (typeof value !== 'string' || !/^\/(?![/\\])/.test(value) || value.length > 2_000) return '/'
  const base = 'http://procwarden.invalid'
  if (!URL.canParse(value, base)) return '/'
  const { origin, pathname, search } = new URL(value, base)
  // Resolving takes dots away, and what is left may name another host after all.
  return origin === base && !pathname.startsWith('//') ? `${pathname}${search}` : '/'
}

function bodyOf(request: Request): Fields {
  const body: unknown = request.body
  return typeof body === 'object' && body !== null ? Object.fromEntries(Object.entries(body)) : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : ''
}

function show(response: Response, status: number, page: { toString(): string }): void {
  response.status(status).set(PAGE_HEADERS).type('html').send(page.toString())
}
