/** Owns the routes about incidents: listing, one whole, and undoing what was done. */
import { z } from 'zod'
import { viewIncidents, viewWholeIncident, type IncidentView } from '../incident-view.ts'
import { OUTCOMES, STATUSES } from '../model.ts'
import { getIncident } from '../store/incidents/get-incident.ts'
import type { PageMark } from '../store/incidents/list-incidents.ts'
import type { ApiContext } from './context.ts'
import { nameFor } from './name-for.ts'
import { defineRoute, notFound, type Route } from './route.ts'

const PAGE_MAX = 1_000
const PATHS_MAX = 100_000

/** `a,b` or `?x=a&x=b`, each one of `values`. */
function listOf(values: readonly string[]) {
  return z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [given].flat().flatMap((each) => each.split(',')))
    .pipe(z.array(z.enum(values)))
    .optional()
}

const Time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text).toISOString())
  .optional()
const Text = z.string().min(1).max(1_024).optional()

const ListQuery = z.strictObject({
  status: listOf(STATUSES).describe('Only in one of these statuses, separated by commas.'),
  outcome: listOf(OUTCOMES).describe('Only with one of these outcomes, separated by commas.'),
  alertname: Text,
  policy: Text,
  group: Text.describe("The target's program."),
  since: Time.describe('Received at or after this moment.'),
  until: Time.describe('Received before this moment.'),
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_MAX),
  after: z
    .string()
    .regex(/^[^~]{1,64}~[^~]{1,64}$/, 'take it from the Link header of the page before')
    .optional()
    .describe('Where the page before ended; its Link header has it.'),
})

const By = z.string().max(1_024).optional().describe('Who decides, for the record.')
const AdviseBody = z.looseObject({ by: By })
const RollbackBody = z.looseObject({
  by: By,
  only: z.array(z.string().max(4_096)).max(PATHS_MAX).optional().describe('Of quarantined files only these, by the path they had.'),
})

const NO_INCIDENT = { what: 'There is no such incident.', schema: 'Error' }

export function incidentRoutes(context: ApiContext): Route[] {
  return [
    defineRoute(
      {
        method: 'get',
        path: '/api/incidents',
        scope: 'read',
        summary: 'Incidents, newest first, each with its timeline. The Link header leads to the next page.',
        query: ListQuery,
        answers: { 200: { what: 'A page of incidents.', schema: 'IncidentList' } },
      },
      ({ query }) => {
        const { limit, after, ...filter } = query
        const page = viewIncidents(context.database, limit, filter, after === undefined ? undefined : parseMark(after))
        return { status: 200, body: page, ...(page.length < limit ? {} : { headers: { Link: nextLink(query, page) } }) }
      },
    ),
    defineRoute(
      {
        method: 'get',
        path: '/api/incidents/:id',
        scope: 'read',
        summary:
          'One incident with everything that is kept about it: diagnosis, similar incidents, timeline, questions and answers, snapshots, quarantines, holds, escalations.',
        answers: { 200: { what: 'The incident.', schema: 'WholeIncident' }, 404: NO_INCIDENT },
      },
      ({ id }) => {
        const incident = getIncident(context.database, id)
        return incident ? { status: 200, body: viewWholeIncident(context.database, incident) } : notFound('incident')
      },
    ),
    rollbackRoute(context),
    adviseRoute(context),
  ]
}

function rollbackRoute(context: ApiContext): Route {
  return defineRoute(
    {
      method: 'post',
      path: '/api/incidents/:id/rollback',
      scope: 'act',
      summary: 'Undoes what can be undone: processes go on, quarantined files and snapshot paths come back. Says what cannot be.',
      body: RollbackBody,
      answers: { 200: { what: 'What was undone, what failed, what cannot be.', schema: 'RollbackReport' }, 404: NO_INCIDENT },
    },
    async ({ id, body, identity }) => {
      const report = await context.rollback(id, nameFor(body.by, identity.name), body.only)
      return report ? { status: 200, body: report } : notFound('incident')
    },
  )
}

function adviseRoute(context: ApiContext): Route {
  return defineRoute(
    {
      method: 'post',
      path: '/api/incidents/:id/advise',
      scope: 'act',
      summary: 'Asks the advisor for its opinion about an incident, and answers with what came of it. Nothing is done on its strength.',
      body: AdviseBody,
      answers: {
        200: { what: 'The exchange.', schema: 'Advice' },
        404: NO_INCIDENT,
        409: { what: 'No advisor is configured.', schema: 'Error' },
      },
    },
    async ({ id, body, identity }) => {
      const incident = getIncident(context.database, id)
      if (!incident) return notFound('incident')
      const advisor = context.advisor()
      if (!advisor) return { status: 409, body: { error: 'no advisor is configured: set advisor.url and advisor.model' } }
      return { status: 200, body: await advisor.opinion(incident, nameFor(body.by, identity.name)) }
    },
  )
}

function parseMark(text: string): PageMark {
  const [receivedAt = '', id = ''] = text.split('~')
  return { receivedAt, id }
}

/** Relative to this page, as RFC 8288 allows: the server need not know its own name. */
function nextLink(query: Readonly<Record<string, unknown>>, page: readonly IncidentView[]): string {
  const last = page.at(-1)
  const parameters = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    const text = Array.isArray(value) ? value.join(',') : typeof value === 'number' ? String(value) : value
    if (typeof text === 'string') parameters.set(key, text)
  }
  parameters.set('after', `${last?.receivedAt ?? ''}~${last?.id ?? ''}`)
  return `</api/incidents?${parameters.toString()}>; rel="next"`
}
