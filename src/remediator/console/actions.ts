/** Owns what the console's forms do: each calls the function that the API calls, and says in a sentence what came of it. */
import { z } from 'zod'
import { OperationalError, messageOf } from '../../lib/errors.ts'
import { printable } from '../../lib/log.ts'
import { acknowledge } from '../acknowledge.ts'
import { decideApproval } from '../decide-approval.ts'
import { setPaused } from '../kill-switch.ts'
import { revokeApproval } from '../revoke-approval.ts'
import type { AuditVerification } from './audit-verification.ts'
import type { ConsoleContext } from './context.ts'
import type { Notice } from './sessions.ts'

/** What a form sent, and by whom. */
export interface Act {
  /** Of the incident; empty where the form is about none. */
  readonly id: string
  readonly fields: Readonly<Record<string, unknown>>
  /** For the record. */
  readonly by: string
}

export interface Action {
  readonly path: string
  /** Left out: who may act. */
  readonly scope?: 'read'
  run(act: Act): Notice | Promise<Notice>
}

const WHY_LENGTH_MAX = 500
/** A form waits no longer for a verdict; the page tells it later. */
const WAIT_MS = 3_000
/** No question has this id. */
const NO_QUESTION = 0
const Fields = z.looseObject({
  why: z.string().max(WHY_LENGTH_MAX).catch(''),
  always: z.string().optional().catch(undefined),
  /** The question that the page showed. */
  approval: z.coerce.number().int().catch(NO_QUESTION),
})

export function consoleActions(context: ConsoleContext, verification: AuditVerification): Action[] {
  return [
    { path: '/incidents/:id/approve', run: (act) => answer('approve', act, context) },
    { path: '/incidents/:id/deny', run: (act) => answer('deny', act, context) },
    { path: '/incidents/:id/thaw', run: (act) => thaw(act, context) },
    { path: '/incidents/:id/rollback', run: (act) => rollBack(act, context) },
    { path: '/incidents/:id/acknowledge', run: (act) => acknowledgeIt(act, context) },
    { path: '/checks/:id/run', run: (act) => runCheck(act, context) },
    { path: '/remembered/:id/revoke', run: (act) => revoke(act, context) },
    { path: '/pause', run: ({ fields, by }) => pause(true, Fields.parse(fields).why, `${by} (console)`, context) },
    { path: '/resume', run: ({ by }) => pause(false, '', `${by} (console)`, context) },
    { path: '/audit/verify', scope: 'read', run: () => verify(verification) },
  ]
}

/** A store that cannot be written is told to the person; anything else is a fault of ours. */
export async function runAction(action: Action, act: Act): Promise<Notice> {
  try {
    return await action.run(act)
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const standsBy = error.reason === 'not_leader'
    return bad(
      standsBy
        ? 'Another remediator on the same store works; this one stands by. Ask that one.'
        : `It was not done: ${messageOf(error)}. Try again.`,
    )
  }
}

function answer(wanted: 'approve' | 'deny', { id, by, fields }: Act, context: ConsoleContext): Notice {
  const { always, approval } = Fields.parse(fields)
  const result = decideApproval(id, { answer: wanted, by, how: 'console', always: always === 'yes', approval }, context)
  if (result.kind === 'unknown') return bad('There is no such incident.')
  if (result.kind === 'not_asking') return bad(`It does not wait for an answer any more: ${result.incident.summary ?? 'it is in work.'}`)
  if (result.kind === 'asks_another') {
    const { action, target } = result.open
    return bad(
      `Nothing was done: what you answered is not asked any more. The question is now: ${action} ${target}? Read it, then answer again.`,
    )
  }
  context.onWork()
  const remembered = result.remembered ? ' From now on this is not asked again; the policies page can take that back.' : ''
  const what =
    wanted === 'approve'
      ? 'Approved. It is done at once, if nothing speaks against it any more.'
      : 'Denied. Nothing is done, and what was frozen goes on.'
  return good(`${what}${remembered}`)
}

function acknowledgeIt({ id, by }: Act, context: ConsoleContext): Notice {
  const { kind } = acknowledge(id, { by, how: 'console' }, context)
  if (kind === 'unknown') return bad('There is no such incident.')
  return kind === 'accepted'
    ? good('Acknowledged. Nobody else is called for it any more.')
    : bad('Nobody is called for it, or somebody else was quicker.')
}

function revoke({ id, by }: Act, context: ConsoleContext): Notice {
  const forgotten = /^\d{1,15}$/.test(id) ? revokeApproval(Number(id), { by, how: 'console' }, context) : undefined
  return forgotten
    ? good(`Taken back. The next time, a person is asked about ${forgotten.group} again.`)
    : bad('There is no such answer any more.')
}

function thaw({ id, by }: Act, context: ConsoleContext): Notice {
  const sentences = context.thaw(id, `${by} (console)`)
  if (sentences === undefined) return bad('There is no such incident.')
  return sentences.length === 0 ? bad('Nothing of it was frozen any more.') : good(sentences.join(' '))
}

async function rollBack({ id, by }: Act, context: ConsoleContext): Promise<Notice> {
  const report = await context.rollback(id, `${by} (console)`)
  if (!report) return bad('There is no such incident.')
  const { done, failed, cannot } = report
  const sentences = [...done, ...failed, ...cannot]
  const text = sentences.length === 0 ? 'There was nothing to undo.' : sentences.join(' ')
  return failed.length > 0 ? bad(text) : good(text)
}

function pause(paused: boolean, why: string, by: string, context: ConsoleContext): Notice {
  const hasChanged = setPaused(paused ? { paused, by, why: printable(why) } : { paused, by }, context)
  if (!paused) context.onWork()
  if (!hasChanged) return good(paused ? 'Everything was paused already.' : 'Nothing was paused.')
  return good(paused ? 'Everything is paused: nothing is acted upon until you resume.' : 'Resumed: actions are allowed again.')
}

async function verify(verification: AuditVerification): Promise<Notice> {
  const state = await Promise.race([verification.run(), waited()])
  if (state?.kind === 'done') return state.verdict.intact ? good('The audit trail is intact.') : bad('The audit trail is broken.')
  return state?.kind === 'failed'
    ? bad(`The audit trail could not be verified: ${state.why}.`)
    : good('The audit trail is being verified; the verdict will be here.')
}

async function runCheck({ id, by }: Act, context: ConsoleContext): Promise<Notice> {
  if (!context.checks().names.includes(id)) return bad('There is no such check.')
  const running = context.checks().runByHand(id)
  // Where the form waits no longer, the page tells how it went.
  running.catch(() => undefined)
  const result = await Promise.race([running, waited()])
  context.log.info(`${by} has run the check ${id} (console)`)
  if (!result) return good(`The check ${id} runs; how it went will be here.`)
  return result.outcome === 'passed' ? good(`${id} passed. ${result.text}`) : bad(`${id}: ${result.text}`)
}

function waited(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, WAIT_MS, undefined).unref())
}

function good(text: string): Notice {
  return { tone: 'good', text }
}

function bad(text: string): Notice {
  return { tone: 'bad', text }
}
