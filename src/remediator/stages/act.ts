/**
 * Owns walking the ladder: each step's intent is durable before it is done, its outcome with the next step's intent or with the
 * end of the attempt. A crash leaves an open intent, and the next run knows where it was.
 */
import type { Clock } from '../../lib/clock.ts'
import { assert } from '../../lib/errors.ts'
import { hasFailed, type Action, type ActionRequest, type ActionResult } from '../actions/action.ts'
import type { Journal } from '../audit/journal.ts'
import { nameOf, type ActionName } from '../model.ts'
import type { Step } from '../policies/steps.ts'
import { ladderText } from '../policies/words.ts'
import type { Progress } from '../progress.ts'
import { next, postpone, type Stage, type StageResult, type Subject } from '../stage.ts'
import type { Database } from '../store/database.ts'
import { updateIncident } from '../store/incidents.ts'
import { continueIntent, requestIntent, type CapRule, type CapRules, type IntentGrant, type NewIntent } from '../store/intents.ts'
import { targetKeyOf } from '../target.ts'
import { capped, coolingDown } from './cooling-down.ts'
import { noLongerWanted, pauseText } from './still-wanted.ts'

export interface ActOptions {
  readonly actions: Readonly<Record<ActionName, Action>>
  readonly database: Database
  readonly journal: Journal
  readonly clock: Clock
  readonly hostCap: CapRule
  /** Told how long after the alert began the action was begun. */
  readonly onAction: (delayMs: number) => void
  readonly onStep: (policy: string, action: ActionName, result: ActionResult) => void
}

/** Another incident is acting on the same process: look again soon, it will most likely be gone. */
const BUSY_RETRY_MS = 1_000
/** All steps bound themselves; together they may take long (a slow restart, a script). */
const DEADLINE_MS = 4 * 3_600_000

export function act(options: ActOptions): Stage {
  return {
    name: 'act',
    needsRecord: true,
    deadlineMs: DEADLINE_MS,
    run: async (subject, signal) => {
      if (subject.progress) return walk(subject, subject.progress, options, signal)
      const grant = requestDurably(subject, options)
      if (!grant.granted) {
        if (grant.why === 'unwanted') return grant.ending
        if (grant.why === 'cooldown') return coolingDown(subject, grant.remainingMs, options.clock)
        if (grant.why === 'cap') return capped(subject, grant.cap, grant.remainingMs, options.clock)
        assert(subject.target, 'act runs after identify')
        const text = `Another incident is acting on ${nameOf(subject.target)} right now.`
        return postpone(subject, 'none', text, options.clock.nowMs() + BUSY_RETRY_MS)
      }
      options.onAction(options.clock.nowMs() - Date.parse(subject.incident.startedAt))
      return walk({ ...subject, incident: grant.incident }, grant.progress, options, signal)
    },
  }
}

/** Does the step that `progress` stands at, and those after it. */
async function walk(subject: Subject, begun: Progress, options: ActOptions, signal: AbortSignal): Promise<StageResult> {
  const { policy, target, incident } = subject
  assert(policy && target, 'act runs after identify')
  let progress = begun
  for (let step = currentStep(policy.ladder, progress); step !== undefined; step = currentStep(policy.ladder, progress)) {
    const last = progress.results.at(-1)
    if (last && hasFailed(last)) break
    if (progress.results.length > 0) {
      const continued = continueDurably(subject, step, progress, options)
      if (continued === undefined) break
      progress = continued
    }
    const result = await options.actions[step.action].run(requestOf(subject, step, progress, options), signal)
    options.onStep(policy.name, step.action, result)
    const { outcome, reason, text } = result
    options.journal.record('acted', incident.id, result.text, { action: step.action, outcome, reason, ...result.data })
    progress = { ...progress, step: progress.step + 1, results: [...progress.results, { action: step.action, outcome, reason, text }] }
  }
  const verifying: Progress = {
    ...progress,
    phase: 'verifying',
    verifyFrom: { ...options.clock.boot(), wallMs: options.clock.nowMs() },
  }
  const reason = progress.results.at(-1)?.reason ?? 'none'
  return next({ ...subject, progress: verifying }, undefined, { decision: 'act', reason, progress: verifying })
}

/** The next step of this attempt: those of later attempts are passed over. */
function currentStep(ladder: readonly Step[], progress: Progress): Step | undefined {
  return ladder.filter((step) => step.from_attempt <= progress.attempt)[progress.step]
}

function requestOf(subject: Subject, step: Step, { attempt, begun }: Progress, { journal }: ActOptions): ActionRequest {
  const { incident, policy, target } = subject
  assert(policy && target, 'an action has a target')
  return {
    incident,
    policy,
    step,
    target,
    attempt,
    begunAt: { wallMs: begun.wallMs, boot: { bootId: begun.bootId, ms: begun.ms } },
    note: (note) => {
      journal.record(note.event, incident.id, note.text, note.data)
      journal.flush()
    },
  }
}

type Grant =
  | { readonly granted: false; readonly why: 'unwanted'; readonly ending: StageResult }
  | { readonly granted: true; readonly incident: Subject['incident']; readonly progress: Progress }
  | Exclude<IntentGrant, { granted: true }>

/** The intent, the counted attempt and the audit entry are one transaction: all of them, or no action. */
function requestDurably(subject: Subject, { database, journal, clock, hostCap }: ActOptions): Grant {
  const { incident, policy, target } = subject
  assert(policy && target, 'an intent has a target')
  const { max, window_seconds: window, duration_seconds: duration } = policy.cooldown
  const attempt = incident.attempts + 1
  const first = policy.ladder.find((step) => step.from_attempt <= attempt)
  assert(first, 'the ladder was checked to have a step in each attempt')
  const grant = database.transaction((): Grant => {
    const ending = noLongerWanted(subject, { database, clock })
    if (ending) return { granted: false, why: 'unwanted', ending }
    const rule = { max, windowMs: window * 1000, durationMs: duration * 1000 }
    const granted = requestIntent(database, intentOf(subject, first, attempt, 0, clock), rule, capRules(subject, hostCap), clock.boot())
    if (!granted.granted) return granted
    const progress: Progress = {
      phase: 'acting',
      attempt,
      step: 0,
      results: [],
      intentId: granted.intentId,
      begun: { ...clock.boot(), wallMs: clock.nowMs() },
      verifyFrom: null,
    }
    const text = `About to ${ladderText(policy.ladder, attempt)} ${nameOf(target)}, attempt ${attempt} of ${policy.attempts}.`
    journal.record('intent', incident.id, text, { action: first.action, step: 0, attempt, target })
    // Not put off any more: whoever sweeps takes what is put off without a question for nobody's business.
    const patch = { attempts: attempt, progress, status: 'queued', nextAtMs: null } as const
    return { granted: true, incident: updateIncident(database, incident.id, patch), progress }
  })
  journal.flush()
  return grant
}

/** The outcome of the step before and the intent of this one, both or neither. Undefined when everything was paused meanwhile. */
function continueDurably(subject: Subject, step: Step, progress: Progress, { database, journal, clock }: ActOptions): Progress | undefined {
  const { incident, target } = subject
  assert(target && progress.intentId !== null, 'a later step follows an intent')
  const { intentId } = progress
  const outcome = progress.results.at(-1)?.outcome ?? 'unknown'
  const after = database.transaction(() => {
    const paused = pauseText(database)
    if (paused !== undefined) {
      journal.record('refused', incident.id, `${paused}: the step to ${step.action} ${nameOf(target)} was left out.`, { reason: 'paused' })
      return undefined
    }
    const id = continueIntent(database, intentId, outcome, intentOf(subject, step, progress.attempt, progress.step, clock), clock.boot())
    journal.record('intent', incident.id, `Next: ${step.action} ${nameOf(target)}.`, {
      action: step.action,
      step: progress.step,
      attempt: progress.attempt,
    })
    const moved: Progress = { ...progress, intentId: id }
    updateIncident(database, incident.id, { progress: moved })
    return moved
  })
  journal.flush()
  return after
}

function intentOf({ incident, policy, target, cooldownKey }: Subject, step: Step, attempt: number, index: number, clock: Clock): NewIntent {
  assert(policy && target && cooldownKey, 'an intent has a target')
  return {
    incident: incident.id,
    action: step.action,
    cooldownKey,
    policy: policy.name,
    targetKey: targetKeyOf(target),
    pid: target.kind === 'process' ? target.pid : null,
    startTicks: target.kind === 'process' ? target.startTicks : null,
    attempt,
    step: index,
    at: new Date(clock.nowMs()).toISOString(),
  }
}

export function capRules({ policy }: Subject, hostCap: CapRule): CapRules {
  const rule = (cap: { readonly max: number; readonly window_seconds: number } | undefined): CapRule | undefined =>
    cap && { max: cap.max, windowMs: cap.window_seconds * 1000 }
  const [target, own] = [rule(policy?.caps.target), rule(policy?.caps.policy)]
  return { ...(target ? { target } : {}), ...(own ? { policy: own } : {}), host: hostCap }
}
