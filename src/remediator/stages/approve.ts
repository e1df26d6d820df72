/** Owns what the mode permits: observe only tells, confirm asks a person first, auto goes on. */
import type { Clock } from '../../lib/clock.ts'
import { assert } from '../../lib/errors.ts'
import { end, next, type Stage } from '../stage.ts'
import { nameOf } from '../model.ts'

export interface ApproveOptions {
  readonly expireMs: number
  readonly clock: Clock
}

export function approve(options: ApproveOptions): Stage {
  return {
    name: 'approve',
    run: async (subject) => {
      const { incident, mode, policy, target } = subject
      assert(mode && policy && target, 'approve runs after identify')
      if (mode === 'auto') return next(subject)
      if (mode === 'observe') {
        return end(subject, {
          event: 'observed',
          text: `Would ${policy.action} ${nameOf(target)}; nothing was done because the mode is observe.`,
          status: 'done',
          decision: 'would_act',
          reason: 'mode_observe',
          outcome: 'observed',
        })
      }
      if (incident.approvedBy !== null) return next(subject, { event: 'approval.used', text: `${incident.approvedBy} approved it.` })
      if (incident.status === 'awaiting_approval') {
        return end(subject, {
          event: 'approval.expired',
          text: `Nobody approved to ${policy.action} ${nameOf(target)} in time; nothing was done.`,
          status: 'done',
          decision: 'refuse',
          reason: 'approval_expired',
          outcome: 'refused',
        })
      }
      return end(subject, {
        event: 'approval.requested',
        text: `Waits for a person to approve: ${policy.action} ${nameOf(target)}. Say: procwarden approve ${incident.id}`,
        status: 'awaiting_approval',
        decision: 'ask',
        reason: 'approval_required',
        outcome: null,
        nextAtMs: options.clock.nowMs() + options.expireMs,
      })
    },
  }
}
