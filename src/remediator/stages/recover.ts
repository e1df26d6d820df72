/**
 * Owns what an interrupted run left behind, and going on where an attempt stands. It looks at what became of the step that was
 * under way and never repeats blindly: what is done is done, what is not is decided anew, and what nobody can tell is verified.
 */
import type { Clock } from '../../lib/clock.ts'
import type { Action, ActionRequest, Look } from '../actions/action.ts'
import { advisedPolicy } from '../advisor/advised.ts'
import type { ActionName, Incident, Target } from '../model.ts'
import { nameOf } from '../model.ts'
import type { Policy } from '../policies/policy.ts'
import { stepsOf } from '../policies/words.ts'
import type { Step } from '../policies/steps.ts'
import type { Progress } from '../progress.ts'
import { end, next, type Stage, type StageResult, type Subject } from '../stage.ts'
import { latestApprovalOf } from '../store/approvals.ts'
import type { Database } from '../store/database.ts'
import { concludeIntent, openIntentOf, type OpenIntent } from '../store/intents.ts'
import { isListed, type Lists } from './guard.ts'
import type { Policies } from './match-policy.ts'
import type { OrderLadder } from './order-ladder.ts'

export interface RecoverOptions {
  readonly database: Database
  readonly clock: Clock
  readonly policies: Policies
  readonly order: Pick<OrderLadder, 'asDecided'>
  readonly actions: Readonly<Record<ActionName, Action>>
  readonly lists: Lists
}

export function recover(options: RecoverOptions): Stage {
  return {
    name: 'recover',
    // A restart that was under way has its time, and a kill its grace.
    deadlineMs: 3_600_000,
    run: async (subject, signal) => {
      const { incident } = subject
      const intent = openIntentOf(options.database, incident.id)
      const written = options.policies.named(incident.policy) ?? options.policies.find(incident.labels)
      const policy = written && advisedPolicy(options.database, incident, options.order.asDecided(written, incident))
      const { progress } = incident
      if (progress?.phase === 'verifying' && incident.target) return goOnVerifying(subject, incident.target, policy, progress, options)
      if (!intent) return next(subject, undefined, progress ? { progress: null } : undefined)
      return look(subject, intent, policy, options, signal)
    },
  }
}

function goOnVerifying(
  subject: Subject,
  target: Target,
  policy: Policy | undefined,
  progress: Progress,
  { policies }: RecoverOptions,
): StageResult {
  if (!policy)
    return orphaned(
      { ...subject, target, progress },
      `${nameOf(target)} was acted upon, but its policy is no longer configured: whether it helped was not looked at.`,
    )
  return next({
    ...subject,
    policy,
    mode: policies.modeOf(policy),
    target,
    cooldownKey: cooldownKeyOf(target),
    progress,
    resumeAt: 'verify',
  })
}

async function look(
  subject: Subject,
  intent: OpenIntent,
  policy: Policy | undefined,
  options: RecoverOptions,
  signal: AbortSignal,
): Promise<StageResult> {
  const { incident } = subject
  const target = incident.target ?? targetOf(incident, intent)
  const step = policy?.ladder.filter((each) => each.from_attempt <= intent.attempt)[intent.step]
  const progress = incident.progress ?? freshProgress(intent)
  if (!policy || !target || step === undefined || step.action !== intent.action) {
    const text = `procwarden was interrupted while it was to ${intent.action}, and that is no longer what its policy says. Nothing is repeated.`
    return orphaned({ ...subject, ...(target ? { target } : {}), progress: { ...progress, intentId: intent.id } }, text)
  }
  const hasRebooted = intent.bootId !== options.clock.boot().bootId
  const found =
    hasRebooted && target.kind === 'process'
      ? endedWithBoot(target)
      : await options.actions[intent.action].look(requestOf(incident, policy, step, target, progress), signal)
  const known = { ...subject, policy, mode: options.policies.modeOf(policy), target, cooldownKey: intent.cooldownKey }
  return goOn(known, found, step, { ...progress, step: intent.step, intentId: intent.id }, options)
}

function goOn(subject: Subject, found: Look, step: Step, progress: Progress, options: RecoverOptions): StageResult {
  const { policy, target } = subject
  const { database, clock } = options
  const who = target ? nameOf(target) : 'it'
  const verifyFrom = { ...clock.boot(), wallMs: clock.nowMs() }
  if (found.kind === 'undone') {
    if (progress.intentId !== null) concludeIntent(database, progress.intentId, 'interrupted', new Date(clock.nowMs()).toISOString())
    const text = `procwarden was interrupted while it was to ${step.action} ${who}, and that was not done. Everything is checked anew.`
    return next({ incident: subject.incident }, { event: 'recovered', text }, { progress: null })
  }
  if (found.kind === 'unknown') {
    const text = `procwarden was interrupted while it was to ${step.action} ${who}. Whether that was done is not known, and it is not repeated; whether it helped is looked at.`
    const result = { action: step.action, outcome: 'unknown', reason: 'interrupted', text } as const
    const verifying: Progress = { ...progress, phase: 'verifying', results: [...progress.results, result], verifyFrom }
    return next({ ...subject, progress: verifying, resumeAt: 'verify' }, { event: 'recovered', text }, { progress: verifying })
  }
  const { outcome, reason, text, data } = found.result
  const results = [...progress.results, { action: step.action, outcome, reason, text }]
  const isOver = stepsOf(policy?.ladder ?? [], progress.attempt).length <= progress.step + 1
  const forbidden = isOver ? undefined : forbiddenNow(subject, progress, options)
  const isLast = isOver || forbidden !== undefined
  const after: Progress = { ...progress, step: progress.step + 1, results, ...(isLast ? { phase: 'verifying', verifyFrom } : {}) }
  return next(
    { ...subject, progress: after, resumeAt: isLast ? 'verify' : 'act' },
    { event: 'recovered', text: forbidden === undefined ? text : `${text} ${forbidden}`, data: { outcome, reason, ...data } },
    { progress: after },
  )
}

/** Why the steps that are left of an attempt are not done any more: what was permitted when it began may not be now. */
function forbiddenNow(subject: Subject, { attempt }: Progress, { database, lists }: RecoverOptions): string | undefined {
  const { policy, target, mode, incident } = subject
  if (!policy || !target) return undefined
  if (mode === 'observe') return 'What was to follow is left out: the mode is observe now.'
  const listed = isListed(subject, policy, target, lists)
  if (listed?.kind === 'end') return `What was to follow is left out: ${listed.ending.text}`
  const approval = latestApprovalOf(database, incident.id)
  const isOther =
    approval?.answer === 'approve' && approval.attempt === attempt && approval.steps !== JSON.stringify(stepsOf(policy.ladder, attempt))
  return isOther ? 'What was to follow is left out: the policy says something else now than what was approved.' : undefined
}

function endedWithBoot(target: Target): Look {
  return {
    kind: 'done',
    result: {
      outcome: 'target_gone',
      reason: 'target_gone',
      text: `The machine has rebooted since, and ${nameOf(target)} ended with that.`,
    },
  }
}

/** The policy was changed or removed while its action was under way. */
function orphaned(subject: Subject, text: string): StageResult {
  return end(subject, {
    event: 'recovered',
    text,
    status: 'done',
    decision: 'act',
    reason: 'interrupted',
    outcome: 'unknown',
    escalate: true,
  })
}

function requestOf(incident: Incident, policy: Policy, step: Step, target: Target, { attempt, begun }: Progress): ActionRequest {
  const begunAt = { wallMs: begun.wallMs, boot: { bootId: begun.bootId, ms: begun.ms } }
  return { incident, policy, step, target, attempt, begunAt, note: () => undefined }
}

function freshProgress(intent: OpenIntent): Progress {
  const begun = { bootId: intent.bootId, ms: intent.bootMs, wallMs: Date.parse(intent.at) }
  return { phase: 'acting', attempt: intent.attempt, step: intent.step, results: [], intentId: intent.id, begun, verifyFrom: null }
}

/** What the intent alone tells of it. */
function targetOf({ labels, startedAt }: Incident, { pid, startTicks }: OpenIntent): Target | undefined {
  if (pid === null || startTicks === null) return undefined
  const group = labels['group'] ?? 'unknown'
  return {
    kind: 'process',
    group,
    pid,
    startTicks,
    startTime: startedAt,
    program: group,
    evidence: 'The interrupted action was meant for it.',
    confidence: 'high',
  }
}

/** What the cooldown counts by: the program, not the pid, which is new after each restart. */
export function cooldownKeyOf({ group }: Target): string {
  return `process:${group}`
}
