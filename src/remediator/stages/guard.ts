/** Owns the last word before anything happens: never-list, deny and allow lists, attempts, cooldown. Each refusal has its reason. */
import { assert } from '../../lib/errors.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Database } from '../store/database.ts'
import { cooldownRemainingMs } from '../store/intents.ts'
import { next, refuse, type Stage } from '../stage.ts'
import { nameOf } from '../model.ts'
import { coolingDown } from './cooling-down.ts'
import type { NeverList } from '../suspects/never-list.ts'

export interface GuardOptions {
  readonly neverList: NeverList
  readonly denyGroups: readonly string[]
  readonly allowGroups: readonly string[]
  readonly database: Database
  readonly clock: Clock
}

export function guard(options: GuardOptions): Stage {
  return {
    name: 'guard',
    run: async (subject) => {
      const { incident, policy, process, target, cooldownKey } = subject
      assert(policy && process && target && cooldownKey, 'guard runs after identify')
      const never = options.neverList.reasonAgainst(process)
      if (never !== undefined) return refuse(subject, 'never_list', `${nameOf(target)} is never touched: ${never}.`)
      if (options.denyGroups.includes(target.group)) return refuse(subject, 'deny_list', `${target.group} is on the deny list.`)
      if (options.allowGroups.length > 0 && !options.allowGroups.includes(target.group)) {
        return refuse(subject, 'not_on_allow_list', `${target.group} is not on the allow list.`)
      }
      if (incident.attempts >= policy.attempts) {
        return refuse(subject, 'attempts_exhausted', `${policy.attempts} attempts on ${nameOf(target)} did not help; a person has to look.`)
      }
      const remainingMs = cooldownRemainingMs(options.database, cooldownKey, options.clock.boot())
      if (remainingMs > 0) return coolingDown(subject, remainingMs, options.clock)
      return next(subject, { event: 'guard.passed', text: `Nothing speaks against acting on ${nameOf(target)}.` })
    },
  }
}
