/** Owns the ending of a target in cooldown: nothing is done now, and the alert is looked at again when it is over. */
import type { Clock } from '../../lib/clock.ts'
import { assert } from '../../lib/errors.ts'
import { end, type StageResult, type Subject } from '../stage.ts'

export function coolingDown(subject: Subject, remainingMs: number, clock: Clock): StageResult {
  const { policy, target } = subject
  assert(policy && target, 'a cooldown is of a target under a policy')
  const { max, window_seconds: window } = policy.cooldown
  return end(subject, {
    event: 'cooldown',
    text: `${target.group} cools down for another ${Math.ceil(remainingMs / 1000)} s: it was acted upon more than ${max} times in ${window} s. Nothing is done until then.`,
    status: 'deferred',
    decision: 'refuse',
    reason: 'cooldown',
    outcome: 'refused',
    nextAtMs: clock.nowMs() + remainingMs + 100,
    data: { remainingSeconds: Math.ceil(remainingMs / 1000) },
  })
}
