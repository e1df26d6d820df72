/** Owns the ending of a target that was acted upon too often: nothing is done now, and the alert is looked at again afterwards. */
import type { Clock } from '../../lib/clock.ts'
import { assert } from '../../lib/errors.ts'
import { end, postpone, type StageResult, type Subject } from '../stage.ts'
import type { CapScope } from '../store/intents/intent.ts'

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

const CAP_REASONS = { target: 'cap_target', policy: 'cap_policy', host: 'cap_host' } as const
const CAP_NAMES = { target: 'this program', policy: 'this policy', host: 'this machine' } as const

export function capped(subject: Subject, cap: CapScope, remainingMs: number, clock: Clock): StageResult {
  const text = `The cap on attempts for ${CAP_NAMES[cap]} is reached; nothing is done for another ${Math.ceil(remainingMs / 1000)} s.`
  return postpone(subject, CAP_REASONS[cap], text, clock.nowMs() + remainingMs + 100, { remainingSeconds: Math.ceil(remainingMs / 1000) })
}
