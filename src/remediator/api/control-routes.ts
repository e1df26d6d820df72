/** Owns the routes about the remediator as a whole: how it is, what cools down, and the kill switch. */
import { z } from 'zod'
import { printable } from '../../lib/log.ts'
import { setPaused } from '../kill-switch.ts'
import { listCooldowns } from '../store/intents/list-cooldowns.ts'
import { openEscalations } from '../store/escalations/open-escalations.ts'
import { pausedBy } from '../store/pause/paused-by.ts'
import { viewStatus } from '../status-view.ts'
import type { ApiContext } from './context.ts'
import { nameFor } from './name-for.ts'
import { defineRoute, type Route } from './route.ts'

const WHY_LENGTH_MAX = 500
const By = z.string().max(1_024).optional().describe('Who decides, for the record.')
const PauseBody = z.looseObject({ by: By, why: z.string().max(WHY_LENGTH_MAX).optional().describe('The reason, for the record.') })
const ResumeBody = z.looseObject({ by: By })

export function controlRoutes(context: ApiContext): Route[] {
  return [...viewRoutes(context), ...pauseRoutes(context)]
}

function viewRoutes(context: ApiContext): Route[] {
  const { database } = context
  return [
    defineRoute(
      {
        method: 'get',
        path: '/api/status',
        scope: 'read',
        summary: 'How the remediator is: mode, kill switch, queue, incidents by status, audit trail.',
        answers: { 200: { what: 'The status.', schema: 'Status' } },
      },
      () => ({ status: 200, body: viewStatus(database, context.about()) }),
    ),
    defineRoute(
      {
        method: 'get',
        path: '/api/cooldowns',
        scope: 'read',
        summary: 'Targets that are left alone for a while because too much was done to them.',
        answers: { 200: { what: 'The cooldowns, the longest first.', schema: 'CooldownList' } },
      },
      () => ({ status: 200, body: listCooldowns(database, context.clock.boot()) }),
    ),
    defineRoute(
      {
        method: 'get',
        path: '/api/escalations',
        scope: 'read',
        summary: 'What was handed to a person or the advisor and that nobody has closed.',
        answers: { 200: { what: 'The escalations, oldest first.', schema: 'EscalationList' } },
      },
      () => ({ status: 200, body: openEscalations(database) }),
    ),
  ]
}

function pauseRoutes(context: ApiContext): Route[] {
  const state = (): { paused: boolean } => {
    const pause = pausedBy(context.database)
    return pause ? { paused: true, ...pause } : { paused: false }
  }
  const PAUSE_STATE = { what: 'The kill switch as it is now.', schema: 'PauseState' }
  return [
    defineRoute(
      { method: 'get', path: '/api/pause', scope: 'read', summary: 'Whether the kill switch is thrown.', answers: { 200: PAUSE_STATE } },
      () => ({ status: 200, body: state() }),
    ),
    defineRoute(
      {
        method: 'post',
        path: '/api/pause',
        scope: 'act',
        summary: 'Throws the kill switch: nothing is acted upon until it is put back. Alerts are still taken in.',
        body: PauseBody,
        answers: { 200: PAUSE_STATE },
      },
      ({ body, identity }) => {
        setPaused({ paused: true, by: nameFor(body.by, identity.name), why: printable(body.why ?? '') }, context)
        return { status: 200, body: state() }
      },
    ),
    defineRoute(
      {
        method: 'post',
        path: '/api/resume',
        scope: 'act',
        summary: 'Puts the kill switch back.',
        body: ResumeBody,
        answers: { 200: PAUSE_STATE },
      },
      ({ body, identity }) => {
        setPaused({ paused: false, by: nameFor(body.by, identity.name) }, context)
        context.onWork()
        return { status: 200, body: state() }
      },
    ),
  ]
}
