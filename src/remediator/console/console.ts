/** Owns the console: its addresses on express, in which order a request is judged, and taking it down. */
import os from 'node:os'
import express, { type Express, type Request, type RequestHandler, type Response } from 'express'
import type { Peer } from '../../lib/peer.ts'
import { createRateLimit } from '../api/rate-limit.ts'
import { viewWholeIncident } from '../incident-view.ts'
import { viewHumanAlerts } from '../people-view.ts'
import { createPrometheus } from '../prometheus.ts'
import { viewStatus } from '../status-view.ts'
import { getIncident } from '../store/incidents/get-incident.ts'
import { consoleActions, runAction, type Action } from './actions.ts'
import { ASSET_HEADERS, loadAssets, type Assets } from './assets.ts'
import { createAuditVerification, type AuditVerification } from './audit-verification.ts'
import { PAGE_HEADERS, isForeignEmbed } from './browser-rules.ts'
import type { ConsoleContext } from './context.ts'
import { createDoor, type Door } from './door.ts'
import { createEvidenceReader, type EvidenceReader } from './evidence/read-evidence.ts'
import { LiveFeed } from './live.ts'
import type { Page } from './page.ts'
import { anomaliesPage } from './pages/anomalies.ts'
import { auditPage } from './pages/audit.ts'
import { checksPage } from './pages/checks.ts'
import { cooldownsPage } from './pages/cooldowns.ts'
import { incidentPage } from './pages/incident.ts'
import { incidentsPage } from './pages/incidents.ts'
import { policiesPage } from './pages/policies.ts'
import { highestOf } from './views/chart-scale.ts'
import { wholePage } from './views/layout.ts'
import { messagePage } from './views/sign-in.ts'

export interface Console {
  /** Puts its addresses onto the app. */
  mount(app: Express): void
  /** Ends what is open, so that the server can stop. */
  close(): Promise<void>
}

/** For each address: a person, her open pages and what they ask for by themselves stay far below. */
const RATE = { perSecond: 50, burst: 200 }
const FORM_LIMIT = '16kb'

interface Parts {
  readonly context: ConsoleContext
  readonly assets: Assets
  readonly door: Door
  readonly live: LiveFeed
  readonly verification: AuditVerification
  readonly readEvidence: EvidenceReader
}

export function createConsole(context: ConsoleContext): Console {
  const { database, journal, clock, stateDir } = context
  const assets = loadAssets()
  const nowMs = (): number => clock.nowMs()
  const parts: Parts = {
    context,
    assets,
    door: createDoor({ ...context, assets, host: os.hostname(), monotonicMs: () => performance.now() }),
    live: new LiveFeed({ database }),
    verification: createAuditVerification({ stateDir, database, journal, nowMs }),
    readEvidence: createEvidenceReader({ nowMs, source: () => evidenceSource(context.prometheus()) }),
  }
  return {
    mount: (app) => mount(app, parts),
    close: async () => {
      parts.live.close()
      await parts.verification.close()
    },
  }
}

function evidenceSource(peer: Peer | undefined) {
  return peer && { peer, prometheus: createPrometheus(peer) }
}

function mount(app: Express, parts: Parts): void {
  const { context, assets, door, verification, readEvidence } = parts
  const guard = [limitRate(assets), refuseForeign(assets)]
  const form = express.urlencoded({ extended: false, limit: FORM_LIMIT, parameterLimit: 20 })
  app.get('/assets/:name', (request, response, next) => {
    const asset = assets.find(request.params.name)
    if (!asset) return next()
    response.set({ ...ASSET_HEADERS, 'Content-Type': asset.type }).send(asset.body)
  })
  door.mount(app, guard, form)
  const pages: ReadonlyArray<readonly [path: string, page: Page]> = [
    ['/', incidentsPage(context)],
    ['/incidents/:id', (visit) => incidentPage(idOf(visit.request), visit, context, readEvidence)],
    ['/anomalies', anomaliesPage(context)],
    ['/cooldowns', cooldownsPage(context)],
    ['/checks', checksPage(context)],
    ['/policies', policiesPage(context)],
    ['/audit', auditPage(context, verification)],
  ]
  for (const [path, page] of pages) app.get(path, ...guard, (request, response) => showPage(page, request, response, parts))
  app.get('/incidents/:id/evidence.json', ...guard, (request, response) => sendEvidence(request, response, parts))
  app.get('/events', ...guard, (request, response) => openEvents(request, response, parts))
  for (const action of consoleActions(context, verification))
    app.post(action.path, ...guard, form, (request, response) => act(action, request, response, parts))
}

async function showPage(page: Page, request: Request, response: Response, { context, assets, door }: Parts): Promise<void> {
  const visit = door.visitOf(request)
  if (!visit) return door.askIn(request, response)
  const content = await page(visit)
  const { session } = visit
  const { notice } = session
  // Told to the person, once; not to a page that looks by itself whether there is something new.
  if (!door.isByItself(request)) session.notice = undefined
  const humanAlerts = viewHumanAlerts(context.database)
  const frame = { host: os.hostname(), assets, status: viewStatus(context.database, context.about()), humanAlerts }
  send(response, content.status ?? 200, wholePage(content, visit, notice, frame))
}

async function sendEvidence(request: Request, response: Response, { context, door, readEvidence }: Parts): Promise<void> {
  const incident = door.visitOf(request) && getIncident(context.database, idOf(request))
  response.set(PAGE_HEADERS)
  if (!incident) return void response.status(404).json({ error: 'there is no such incident, or you are not signed in' })
  const answer = await readEvidence(incident, viewWholeIncident(context.database, incident).timeline)
  response.json(answer.kind === 'drawn' ? { ...answer, top: highestOf(answer.evidence) } : answer)
}

function openEvents(request: Request, response: Response, { door, live }: Parts): void {
  const id = door.sessionOf(request)
  const isOpen = id !== undefined && live.connect(response, id, () => door.visitOf(request, false) !== undefined)
  if (!isOpen)
    response
      .status(id === undefined ? 401 : 503)
      .set({ ...PAGE_HEADERS, 'Retry-After': '30' })
      .type('text')
      .send('not now\n')
}

async function act(action: Action, request: Request, response: Response, { door, assets }: Parts): Promise<void> {
  const visit = door.visitOf(request)
  if (!visit) return door.askIn(request, response)
  const fields = door.fieldsOf(request, visit)
  if (!fields) return refuse(response, assets, 403, 'Not done', 'The form was not of this session. Go back, reload the page and try again.')
  if (action.scope !== 'read' && !visit.mayAct)
    return refuse(response, assets, 403, 'Not permitted', 'You are signed in with a token that may only read.')
  visit.session.notice = await runAction(action, { id: idOf(request), fields, by: visit.session.name })
  response.set(PAGE_HEADERS).redirect(303, door.localPath(fields['back']))
}

function limitRate(assets: Assets): RequestHandler {
  const limit = createRateLimit({ ...RATE, nowMs: () => performance.now() })
  return (request, response, next) => {
    const waitSeconds = limit.take(request.socket.remoteAddress ?? '')
    if (waitSeconds === 0) return next()
    response.set('Retry-After', String(waitSeconds))
    refuse(response, assets, 429, 'Too many requests', `Try again in ${waitSeconds} s.`)
  }
}

function refuseForeign(assets: Assets): RequestHandler {
  return (request, response, next) => {
    if (!isForeignEmbed(request)) return next()
    refuse(response, assets, 403, 'Not from here', 'Only pages of procwarden itself may ask for this.')
  }
}

function refuse(response: Response, assets: Assets, status: number, title: string, text: string): void {
  send(response, status, messagePage(assets, title, text))
}

function send(response: Response, status: number, page: { toString(): string }): void {
  response.status(status).set(PAGE_HEADERS).type('html').send(page.toString())
}

function idOf(request: Request): string {
  const { id } = request.params
  return typeof id === 'string' ? id : ''
}
