/** Owns the routes about synthetic checks: which there are and how they last went, their history, and running one now. */
import { z } from 'zod'
import { OperationalError } from '../../lib/errors.ts'
import { CHECK_OUTCOMES } from '../checks/result.ts'
import { viewChecks } from '../checks/view.ts'
import { listCheckRuns } from '../store/check-runs.ts'
import type { ApiContext } from './context.ts'
import { defineRoute, notFound, type Route } from './route.ts'

const HISTORY_MAX = 10_000

const HistoryQuery = z.strictObject({
  check: z.string().min(1).max(64).optional(),
  outcome: z.enum(CHECK_OUTCOMES).optional(),
  since: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text).toISOString())
    .optional(),
  limit: z.coerce.number().int().min(1).max(HISTORY_MAX).default(100),
})
const RunBody = z.strictObject({ trigger: z.enum(['hand', 'baseline']).default('hand') })

export function checkRoutes(context: ApiContext): Route[] {
  const { database } = context
  return [
    defineRoute(
      {
        method: 'get',
        path: '/api/checks',
        scope: 'read',
        summary: 'The synthetic checks, how each last went, and its healthy figures.',
        answers: { 200: { what: 'The checks, in the order of the configuration.', schema: 'CheckList' } },
      },
      () => ({ status: 200, body: viewChecks(context.checks().states()) }),
    ),
    defineRoute(
      {
        method: 'get',
        path: '/api/checks/history',
        scope: 'read',
        summary: 'Results of synthetic checks, newest first.',
        query: HistoryQuery,
        answers: { 200: { what: 'The results.', schema: 'CheckHistory' } },
      },
      ({ query: { limit, ...filter } }) => ({ status: 200, body: listCheckRuns(database, limit, filter) }),
    ),
    defineRoute(
      {
        method: 'post',
        path: '/api/checks/:id/run',
        scope: 'act',
        summary: 'Runs a synthetic check now and answers with its result; its name stands in the path.',
        body: RunBody,
        answers: {
          200: { what: 'The result.', schema: 'CheckResult' },
          404: { what: 'There is no such check.', schema: 'Error' },
          409: { what: 'Too many checks wait to be run.', schema: 'Error' },
        },
      },
      async ({ id, body }) => {
        try {
          const result = await context.checks().runByHand(id, body.trigger)
          return result ? { status: 200, body: result } : notFound('check')
        } catch (error) {
          if (!(error instanceof OperationalError) || error.reason !== 'busy') throw error
          return { status: 409, body: { error: error.message, reason: error.reason } }
        }
      },
    ),
  ]
}
