/**
 * Owns answering from a mail: GET shows what would be done and changes nothing, so that a mail scanner that follows every link approves
 * nothing; only the form's POST acts. The link is the key: no token is needed, and it is worth one answer to one question.
 */
import express, { type Express, type Request, type RequestHandler, type Response } from 'express'
import type { RateLimit } from '../api/rate-limit.ts'
import type { ApiContext } from '../api/context.ts'
import { decideApproval } from '../decide-approval.ts'
import type { Incident } from '../model.ts'
import { plain } from '../notify/letter.ts'
import type { Approval } from '../store/approvals.ts'
import { getApproval } from '../store/approvals/get-approval.ts'
import { getIncident } from '../store/incidents/get-incident.ts'
import { LINK_PAGE_HEADERS, outcomePage, questionPage, timeText } from './link-page.ts'
import { isGenuine, parseLinkToken, type LinkToken } from './link-token.ts'

/** Of the address; the token follows. */
export const LINK_PATH = 'answer'
/** Of the form: one field. */
const BODY_LIMIT = '1kb'

export interface LinkOptions {
  readonly context: ApiContext
  /** Undefined where links are switched off: then there is nothing at their address. */
  readonly secret: () => string | undefined
  readonly rateLimit: RateLimit
}

export function mountLinks(app: Express, options: LinkOptions): void {
  const route = `/${LINK_PATH}/:token`
  const limit = limitRate(options.rateLimit)
  const form = express.urlencoded({ extended: false, limit: BODY_LIMIT, parameterLimit: 4 })
  app.get(route, limit, (request, response) => show(request, response, options))
  app.post(route, limit, form, (request, response) => act(request, response, options))
}

type Found =
  | { readonly kind: 'open'; readonly token: LinkToken; readonly approval: Approval; readonly incident: Incident }
  | { readonly kind: 'closed'; readonly status: number; readonly title: string; readonly text: string }

const UNKNOWN: Found = {
  kind: 'closed',
  status: 404,
  title: 'There is nothing here',
  text: 'This link is not one of ours, or what it was about is long over.',
}

function find(request: Request, { context, secret }: LinkOptions): Found {
  const { database, clock } = context
  const key = secret()
  const text = request.params['token']
  const token = typeof text === 'string' ? parseLinkToken(text) : undefined
  const approval = token && getApproval(database, token.approval)
  const incident = approval && getIncident(database, approval.incident)
  if (key === undefined || !token || !approval || !incident || !isGenuine(token, approval, key)) return UNKNOWN
  if (approval.answer !== null) return { kind: 'closed', status: 410, ...answered(approval) }
  const isInTime = clock.nowMs() < token.expiresAtMs && clock.nowMs() < approval.expiresAtMs
  if (!isInTime || incident.status !== 'awaiting_approval')
    return {
      kind: 'closed',
      status: 410,
      title: 'Too late',
      text: `The time for an answer was over at ${timeText(token.expiresAtMs)}, or the alert is.`,
    }
  return { kind: 'open', token, approval, incident }
}

function answered({ answer, answeredBy, answeredAtMs, action, target }: Approval): { readonly title: string; readonly text: string } {
  const at = answeredAtMs === null ? '' : ` at ${timeText(answeredAtMs)}`
  if (answer === 'approve' || answer === 'deny')
    return {
      title: 'This has been answered',
      text: `${answeredBy ?? 'Somebody'} ${answer === 'approve' ? 'approved' : 'denied'} it${at}: ${action} ${target}. A link works once.`,
    }
  if (answer === 'expired') return { title: 'Too late', text: `Nobody answered in time; the question ended${at}.` }
  return {
    title: 'This is not asked any more',
    text: `The alert is over, or something else would be done by now: the question ended${at}.`,
  }
}

function show(request: Request, response: Response, options: LinkOptions): void {
  const found = find(request, options)
  if (found.kind === 'open') send(response, 200, questionPage(found.token.answer, found.approval, found.incident))
  else send(response, found.status, outcomePage(found.title, found.text))
}

function act(request: Request, response: Response, options: LinkOptions): void {
  if (isFromElsewhere(request))
    return send(response, 403, outcomePage('Not from here', 'Open the link from the mail itself, and press the button on its own page.'))
  const found = find(request, options)
  if (found.kind === 'closed') return send(response, found.status, outcomePage(found.title, found.text))
  const body: unknown = request.body
  const isConfirmed = typeof body === 'object' && body !== null && 'confirm' in body && body.confirm === 'yes'
  if (!isConfirmed) return send(response, 400, outcomePage('Nothing was done', 'Press the button on the page that the link opens.'))
  const { token, approval, incident } = found
  const { answer, recipient } = token
  const by = recipient === '' ? 'whoever had the link of the mail' : recipient
  const result = decideApproval(incident.id, { answer, by: plain(by), how: 'link', approval: approval.id }, options.context)
  if (result.kind !== 'accepted') {
    const closed = find(request, options)
    return closed.kind === 'closed'
      ? send(response, closed.status, outcomePage(closed.title, closed.text))
      : send(response, 409, outcomePage('Nothing was done', 'The question is not open any more.'))
  }
  options.context.onWork()
  const { action, target, frozen } = approval
  const text =
    answer === 'approve'
      ? `Now: ${action} ${target}. You are told how that goes.`
      : `Nothing is done.${frozen > 0 ? ` ${target} goes on.` : ''}`
  return send(response, 200, outcomePage(answer === 'approve' ? 'Approved' : 'Denied', text))
}

/** Browsers say where a form comes from: by Sec-Fetch-Site on secure connections, by Origin always (Fetch standard, 3.2 and 3.1). */
function isFromElsewhere({ headers }: Request): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return true
  const { origin, host = '' } = headers
  return origin !== undefined && origin.replace(/^https?:\/\//, '').toLowerCase() !== host.toLowerCase()
}

function limitRate(rateLimit: RateLimit): RequestHandler {
  return (request, response, next) => {
    const waitSeconds = rateLimit.take(request.socket.remoteAddress ?? '')
    if (waitSeconds === 0) return next()
    response.set('Retry-After', String(waitSeconds))
    send(response, 429, outcomePage('Too many requests', `Try again in ${waitSeconds} s.`))
  }
}

function send(response: Response, status: number, page: string): void {
  response.status(status).set(LINK_PAGE_HEADERS).type('html').send(page)
}
