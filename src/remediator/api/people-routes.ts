/** Owns the routes about people: questions and answers, what is remembered of them, and calls for a person. */
import { z } from 'zod'
import { printable } from '../../lib/log.ts'
import { acknowledge } from '../acknowledge.ts'
import { decideApproval, type ApprovalAnswer } from '../decide-approval.ts'
import { viewIncident } from '../incident-view.ts'
import { viewHumanAlerts, viewOpenApprovals } from '../people-view.ts'
import { revokeApproval } from '../revoke-approval.ts'
import { How, type Approval } from '../store/approvals/approval-row.ts'
import { listRememberedApprovals } from '../store/first-approvals/list-remembered-approvals.ts'
import type { ApiContext } from './context.ts'
import { nameFor } from './name-for.ts'
import { defineRoute, notFound, type Route } from './route.ts'

const NOTE_LENGTH_MAX = 500
const By = z.string().max(1_024).optional().describe('Who decides, for the record.')
/** A link is signed and an expiry is ours: nobody may claim to come that way. */
const ClaimedHow = How.exclude(['link', 'expiry']).default('api').describe('The way by which it was decided, for the record.')
const ApprovalBody = z.looseObject({
  by: By,
  how: ClaimedHow,
  approval: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('The id of the question that is answered: the answer counts for no other. Left out: for whichever is open.'),
  always: z.boolean().optional().describe('Once and for all: the same question is not asked again.'),
})
const AcknowledgeBody = z.looseObject({
  by: By,
  how: ClaimedHow,
  note: z.string().max(NOTE_LENGTH_MAX).optional().describe('What was found or done, for the record.'),
})
const RevokeBody = z.looseObject({ by: By, how: ClaimedHow })

const NO_INCIDENT = { what: 'There is no such incident.', schema: 'Error' }

export function peopleRoutes(context: ApiContext): Route[] {
  return [
    ...viewRoutes(context),
    approvalRoute('approve', context),
    approvalRoute('deny', context),
    acknowledgeRoute(context),
    revokeRoute(context),
  ]
}

function viewRoutes({ database }: ApiContext): Route[] {
  return [
    defineRoute(
      {
        method: 'get',
        path: '/api/approvals',
        scope: 'read',
        summary: 'Questions that wait for an answer: what would be done, until when, and whether the process is frozen meanwhile.',
        answers: { 200: { what: 'The questions, the one that expires first comes first.', schema: 'ApprovalList' } },
      },
      () => ({ status: 200, body: viewOpenApprovals(database) }),
    ),
    defineRoute(
      {
        method: 'get',
        path: '/api/first-approvals',
        scope: 'read',
        summary: 'Answers that are remembered, so that the same is not asked again.',
        answers: { 200: { what: 'What is remembered, oldest first.', schema: 'RememberedApprovalList' } },
      },
      () => ({ status: 200, body: listRememberedApprovals(database) }),
    ),
    defineRoute(
      {
        method: 'get',
        path: '/api/human-alerts',
        scope: 'read',
        summary: 'Calls for a person that nobody has acknowledged.',
        answers: { 200: { what: 'The calls, oldest first.', schema: 'HumanAlertList' } },
      },
      () => ({ status: 200, body: viewHumanAlerts(database) }),
    ),
  ]
}

function approvalRoute(answer: ApprovalAnswer, context: ApiContext): Route {
  const summary = answer === 'approve' ? 'Lets an incident that asks have its action.' : 'Has nothing done about an incident that asks.'
  return defineRoute(
    {
      method: 'post',
      path: `/api/incidents/:id/${answer}`,
      scope: 'act',
      summary,
      body: ApprovalBody,
      answers: {
        200: { what: 'The answer counts.', schema: 'Decided' },
        404: NO_INCIDENT,
        409: { what: 'The incident does not ask, or no longer, or by now asks another question than the one named.', schema: 'Error' },
      },
    },
    ({ id, body, identity }) => {
      const { how, always = false, approval } = body
      const by = nameFor(body.by, identity.name)
      const result = decideApproval(id, { answer, by, how, always, ...(approval === undefined ? {} : { approval }) }, context)
      if (result.kind === 'unknown') return notFound('incident')
      if (result.kind === 'not_asking') {
        const { status, summary: what } = result.incident
        return { status: 409, body: { error: `the incident does not wait for an answer: ${status}, ${what ?? 'in work'}` } }
      }
      if (result.kind === 'asks_another') return { status: 409, body: { error: asksAnother(approval, result.open) } }
      context.onWork()
      return { status: 200, body: { ...viewIncident(context.database, result.incident), remembered: result.remembered } }
    },
  )
}

function asksAnother(given: number | undefined, { id, attempt, action, target }: Approval): string {
  return `question ${given} is not open; the incident asks another, number ${id}: ${action} ${target}, attempt ${attempt}. Read it, then answer again`
}

function acknowledgeRoute(context: ApiContext): Route {
  return defineRoute(
    {
      method: 'post',
      path: '/api/incidents/:id/acknowledge',
      scope: 'act',
      summary: 'Says that a person has seen an incident that was handed to people: the call for them ends.',
      body: AcknowledgeBody,
      answers: {
        200: { what: 'The call has ended.', schema: 'Incident' },
        404: NO_INCIDENT,
        409: { what: 'Nobody is called for it, or no longer.', schema: 'Error' },
      },
    },
    ({ id, body, identity }) => {
      const by = nameFor(body.by, identity.name)
      const result = acknowledge(id, { by, how: body.how, note: printable(body.note ?? '') }, context)
      if (result.kind === 'unknown') return notFound('incident')
      if (result.kind === 'not_open') return { status: 409, body: { error: 'nobody is called for this incident, or no longer' } }
      context.onWork()
      return { status: 200, body: viewIncident(context.database, result.incident) }
    },
  )
}

function revokeRoute(context: ApiContext): Route {
  return defineRoute(
    {
      method: 'post',
      path: '/api/first-approvals/:id/revoke',
      scope: 'act',
      summary: 'Forgets a remembered answer: the next time a person is asked again.',
      body: RevokeBody,
      answers: {
        200: { what: 'What was forgotten.', schema: 'RememberedApproval' },
        404: { what: 'There is no such answer.', schema: 'Error' },
      },
    },
    ({ id, body, identity }) => {
      const number = /^\d{1,15}$/.test(id) ? Number(id) : 0
      const forgotten = revokeApproval(number, { by: nameFor(body.by, identity.name), how: body.how }, context)
      return forgotten ? { status: 200, body: forgotten } : notFound('answer')
    },
  )
}
