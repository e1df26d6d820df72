/** Owns what the mode and the policy permit: observe only tells, a person is asked where one must be, auto goes on. */
import type { Clock } from '../../lib/clock.ts'
import { assert } from '../../lib/errors.ts'
import type { ActionResult } from '../actions/action.ts'
import { nameOf, type Target } from '../model.ts'
import { RISKS, type Policy } from '../policies/policy.ts'
import { ladderText, stepsOf } from '../policies/words.ts'
import { end, next, refuse, type Stage, type StageResult, type Subject } from '../stage.ts'
import { answerApproval, latestApprovalOf, openApproval, voidApprovalOf, type Approval } from '../store/approvals.ts'
import type { Database } from '../store/database.ts'
import { rememberedApproval } from '../store/first-approvals.ts'
import { keepHolds } from '../store/holds.ts'
import { updateIncident } from '../store/incidents.ts'
import { targetKeyOf, type ProcessTarget } from '../target.ts'

export interface ApproveOptions {
  readonly expireMs: number
  /** In mode auto, a policy of a greater risk asks. */
  readonly autoRiskMax: (typeof RISKS)[number]
  readonly database: Database
  readonly clock: Clock
  /** Stops the process, or its tree, until a person has answered; it is let go on by whoever sweeps. */
  readonly freeze: (incident: string, target: ProcessTarget, tree: boolean) => Promise<ActionResult>
}

export function approve(options: ApproveOptions): Stage {
  return {
    name: 'approve',
    needsRecord: true,
    deadlineMs: 30_000,
    run: async (subject) => {
      const { mode, policy, target } = subject
      assert(mode && policy && target, 'approve runs after identify')
      const question = questionOf(subject, policy, target)
      const remembered = rememberedApproval(options.database, question)
      if (remembered?.answer === 'deny') return neverAgain(subject, question, target, remembered)
      const asks = whyAsk(subject, policy, target, remembered, options)
      if (mode === 'observe') return observed(subject, policy, target, question, asks)
      if (asks === undefined) return next(subject)
      const latest = latestApprovalOf(options.database, subject.incident.id)
      const state = stateOf(latest, question, subject, options)
      if (latest && state === 'approved') return approved(subject, latest)
      if (latest && state === 'expired') return expired(subject, latest, target, options)
      return ask(subject, policy, target, { ...question, why: asks, changed: state === 'changed' }, options)
    },
  }
}

/** What exactly is to be done: a yes is good for this and nothing else. */
interface Question {
  readonly policy: string
  readonly group: string
  /** In words. */
  readonly action: string
  /** The steps themselves, with all that is written about them. */
  readonly steps: string
}

function questionOf({ incident }: Subject, { name, ladder }: Policy, { group }: Target): Question {
  const attempt = incident.attempts + 1
  return { policy: name, group, action: ladderText(ladder, attempt), steps: JSON.stringify(stepsOf(ladder, attempt)) }
}

/** Why a person has to say yes first, or undefined. */
function whyAsk(
  { mode }: Subject,
  policy: Policy,
  target: Target,
  remembered: ReturnType<typeof rememberedApproval>,
  { autoRiskMax }: ApproveOptions,
): string | undefined {
  if (policy.approval === 'always') return mode === 'confirm' ? 'the mode is confirm' : 'its policy always asks'
  if (remembered?.standing === true) return undefined
  if (mode === 'confirm') return 'the mode is confirm'
  if (RISKS.indexOf(policy.risk) > RISKS.indexOf(autoRiskMax)) return `its risk is ${policy.risk}`
  if (policy.approval === 'first-time' && remembered === undefined)
    return `it would be the first time that ${policy.name} acts on ${target.group}`
  return undefined
}

/**
 * Where the last question stands. `changed`: it was about another process, policy, action or attempt. A yes that could not be
 * acted upon for longer than people are given to answer is none any more.
 */
function stateOf(
  latest: Approval | undefined,
  question: Question,
  { incident, target }: Subject,
  { clock, expireMs }: ApproveOptions,
): 'none' | 'approved' | 'expired' | 'changed' {
  if (!latest || latest.answer === 'deny' || latest.answer === 'void' || latest.attempt <= incident.attempts) return 'none'
  if (latest.answer === 'expired') return 'none'
  assert(target, 'approve runs after identify')
  const isSame =
    latest.policy === question.policy &&
    latest.steps === question.steps &&
    latest.targetKey === targetKeyOf(target) &&
    (target.kind !== 'process' || latest.bootId === clock.boot().bootId)
  if (!isSame) return 'changed'
  if (latest.answer === 'approve') return clock.nowMs() - (latest.answeredAtMs ?? 0) > expireMs ? 'none' : 'approved'
  return clock.nowMs() >= latest.expiresAtMs ? 'expired' : 'none'
}

function approved(subject: Subject, { id, answeredBy, answeredHow }: Approval): StageResult {
  const text = answeredHow === 'expiry' ? `${answeredBy ?? 'Its policy'}.` : `${answeredBy ?? 'somebody'} approved it.`
  return next(
    subject,
    { event: 'approval.used', text, data: { approval: id, by: answeredBy, how: answeredHow } },
    { approvedBy: answeredBy },
  )
}

function neverAgain(
  subject: Subject,
  { action }: Question,
  target: Target,
  { id, by, at }: NonNullable<ReturnType<typeof rememberedApproval>>,
): StageResult {
  const text = `${by} said at ${at} not to ${action} ${target.group}; nothing was done. To be asked again: procwarden approvals revoke ${id}`
  return refuse(subject, 'approval_denied', text, { remembered: id })
}

function observed(subject: Subject, policy: Policy, target: Target, { action }: Question, asks: string | undefined): StageResult {
  const first = asks === undefined ? '' : ` In mode auto a person would be asked first, for ${asks}.`
  return end(subject, {
    event: 'observed',
    text: `Would ${action} ${nameOf(target)}; nothing was done because the mode is observe.${first}`,
    status: 'done',
    decision: 'would_act',
    reason: 'mode_observe',
    outcome: 'observed',
    data: { target, ladder: policy.ladder, verify: policy.verify, asksFirst: asks ?? null },
  })
}

/** Nobody answered. What that means, the policy says: nothing is done and the process goes on, unless it says otherwise. */
function expired(subject: Subject, approval: Approval, target: Target, { database, clock }: ApproveOptions): StageResult {
  const { id, action, onExpiry, frozen } = approval
  const atMs = clock.nowMs()
  if (onExpiry === 'approve') {
    const by = `Nobody answered in time, and the policy ${approval.policy} takes that for a yes`
    answerApproval(database, id, { answer: 'approve', atMs, by, how: 'expiry' })
    return approved(subject, { ...approval, answer: 'approve', answeredBy: by, answeredHow: 'expiry' })
  }
  const isLeftFrozen = onExpiry === 'leave-frozen' && frozen > 0
  const goesOn = isLeftFrozen ? ' It stays frozen until a person rolls back.' : frozen > 0 ? ' It goes on.' : ''
  // What was begun and did not help is nobody's business any more, if nobody answers: somebody has to look.
  const isUnfinished = subject.incident.attempts > 0 && subject.incident.escalatedAt === null
  return end(subject, {
    event: 'approval.expired',
    text: `Nobody approved to ${action} ${nameOf(target)} in time; nothing was done.${goesOn}`,
    status: 'done',
    decision: 'refuse',
    reason: 'approval_expired',
    outcome: 'refused',
    data: { approval: id, frozen: isLeftFrozen },
    ...(isUnfinished ? { escalate: true } : {}),
    within: () => {
      answerApproval(database, id, { answer: 'expired', atMs, by: null, how: 'expiry' })
      if (isLeftFrozen) keepHolds(database, subject.incident.id)
    },
  })
}

async function ask(
  subject: Subject,
  policy: Policy,
  target: Target,
  question: Question & { readonly why: string; readonly changed: boolean },
  options: ApproveOptions,
): Promise<StageResult> {
  const { database, clock, expireMs } = options
  const { incident } = subject
  const held = await holdWhileWaiting(subject, policy, target, options)
  const isFrozen = held?.outcome === 'frozen'
  const meanwhile = held === undefined ? '' : isFrozen ? ' Until then it is frozen, and goes on unharmed if you deny.' : ` ${held.text}`
  const changed = question.changed ? 'What was asked before is not what would be done now. ' : ''
  const askedAtMs = clock.nowMs()
  const expiresAtMs = askedAtMs + expireMs
  return end(subject, {
    event: 'approval.requested',
    text: `${changed}Waits for a person to approve: ${question.action} ${nameOf(target)}, for ${question.why}.${meanwhile} Say: procwarden approve ${incident.id}`,
    status: 'awaiting_approval',
    decision: 'ask',
    reason: 'approval_required',
    outcome: null,
    nextAtMs: expiresAtMs,
    data: { frozen: isFrozen, expiresAt: new Date(expiresAtMs).toISOString(), onExpiry: policy.on_expiry },
    within: () => {
      voidApprovalOf(database, incident.id, askedAtMs)
      openApproval(database, {
        incident: incident.id,
        attempt: incident.attempts + 1,
        policy: policy.name,
        action: question.action,
        steps: question.steps,
        program: target.group,
        target: nameOf(target),
        targetKey: targetKeyOf(target),
        bootId: clock.boot().bootId,
        why: question.why,
        frozen: isFrozen ? Number(held.data?.['processes'] ?? 1) : 0,
        onExpiry: policy.on_expiry,
        mayStand: policy.approval !== 'always',
        askedAtMs,
        expiresAtMs,
      })
    },
  })
}

/** What would be ended does no more harm while a person thinks, and loses nothing. */
async function holdWhileWaiting(
  { incident }: Subject,
  policy: Policy,
  target: Target,
  { freeze, database }: ApproveOptions,
): Promise<ActionResult | undefined> {
  const steps = stepsOf(policy.ladder, incident.attempts + 1)
  const ends = steps.some((step) => step.action === 'kill' || step.action === 'freeze')
  const shallFreeze = policy.while_waiting === 'freeze' || (policy.while_waiting === undefined && ends)
  if (!shallFreeze || target.kind !== 'process') return undefined
  const tree = steps.some((step) => (step.action === 'kill' || step.action === 'freeze') && step.tree)
  // As long as it counts as put off, whoever sweeps would let go on what nobody is asked about yet.
  updateIncident(database, incident.id, { status: 'queued', nextAtMs: null })
  return freeze(incident.id, target, tree)
}
