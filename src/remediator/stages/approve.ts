/** Owns what the mode and the policy permit: observe only tells, a person is asked where one must be, auto goes on. */
import type { Clock } from '../../lib/clock.ts'
import { assert } from '../../lib/errors.ts'
import type { ActionResult } from '../actions/action.ts'
import { nameOf, type Target } from '../model.ts'
import { RISKS, type Policy } from '../policies/policy.ts'
import { ladderText, stepsOf } from '../policies/words.ts'
import { end, next, type Stage, type StageResult, type Subject } from '../stage.ts'
import type { Database } from '../store/database.ts'
import { isRemembered, rememberApproval } from '../store/first-approvals.ts'
import type { ProcessTarget } from '../target.ts'

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
      const { incident, mode, policy, target } = subject
      assert(mode && policy && target, 'approve runs after identify')
      const asks = whyAsk(subject, policy, target, options)
      if (mode === 'observe') return observed(subject, policy, target, asks)
      if (asks === undefined) return next(subject)
      if (incident.approvedBy !== null) {
        rememberApproval(options.database, {
          policy: policy.name,
          group: target.group,
          by: incident.approvedBy,
          at: new Date(options.clock.nowMs()).toISOString(),
        })
        return next(subject, { event: 'approval.used', text: `${incident.approvedBy} approved it.` })
      }
      if (incident.status === 'awaiting_approval') return expired(subject, policy, target)
      return ask(subject, policy, target, asks, options)
    },
  }
}

/** Why a person has to say yes first, or undefined. */
function whyAsk({ mode }: Subject, policy: Policy, target: Target, { autoRiskMax, database }: ApproveOptions): string | undefined {
  if (mode === 'confirm') return 'the mode is confirm'
  if (policy.approval === 'always') return 'its policy always asks'
  if (RISKS.indexOf(policy.risk) > RISKS.indexOf(autoRiskMax)) return `its risk is ${policy.risk}`
  if (policy.approval === 'first-time' && !isRemembered(database, policy.name, target.group))
    return `it would be the first time that ${policy.name} acts on ${target.group}`
  return undefined
}

function observed(subject: Subject, policy: Policy, target: Target, asks: string | undefined): StageResult {
  const first = asks === undefined ? '' : ` In mode auto a person would be asked first, for ${asks}.`
  return end(subject, {
    event: 'observed',
    text: `Would ${ladderText(policy.ladder)} ${nameOf(target)}; nothing was done because the mode is observe.${first}`,
    status: 'done',
    decision: 'would_act',
    reason: 'mode_observe',
    outcome: 'observed',
    data: { target, ladder: policy.ladder, verify: policy.verify, asksFirst: asks ?? null },
  })
}

function expired(subject: Subject, policy: Policy, target: Target): StageResult {
  return end(subject, {
    event: 'approval.expired',
    text: `Nobody approved to ${ladderText(policy.ladder)} ${nameOf(target)} in time; nothing was done.`,
    status: 'done',
    decision: 'refuse',
    reason: 'approval_expired',
    outcome: 'refused',
  })
}

async function ask(subject: Subject, policy: Policy, target: Target, asks: string, options: ApproveOptions): Promise<StageResult> {
  const { incident } = subject
  const held = await holdWhileWaiting(subject, policy, target, options)
  const meanwhile =
    held === undefined ? '' : held.outcome === 'frozen' ? ' Until then it is frozen, and goes on unharmed if you deny.' : ` ${held.text}`
  return end(subject, {
    event: 'approval.requested',
    text: `Waits for a person to approve: ${ladderText(policy.ladder)} ${nameOf(target)}, for ${asks}.${meanwhile} Say: procwarden approve ${incident.id}`,
    status: 'awaiting_approval',
    decision: 'ask',
    reason: 'approval_required',
    outcome: null,
    nextAtMs: options.clock.nowMs() + options.expireMs,
    data: { frozen: held?.outcome === 'frozen' },
  })
}

/** What would be ended does no more harm while a person thinks, and loses nothing. */
async function holdWhileWaiting(
  { incident }: Subject,
  policy: Policy,
  target: Target,
  { freeze }: ApproveOptions,
): Promise<ActionResult | undefined> {
  const ends = stepsOf(policy.ladder, 1).some((step) => step.action === 'kill' || step.action === 'freeze')
  const shallFreeze = policy.while_waiting === 'freeze' || (policy.while_waiting === undefined && ends)
  if (!shallFreeze || target.kind !== 'process') return undefined
  const tree = policy.ladder.some((step) => (step.action === 'kill' || step.action === 'freeze') && step.tree)
  return freeze(incident.id, target, tree)
}
