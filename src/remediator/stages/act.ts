/** Owns doing it: the intent is durable before the action. It stays open until the incident ends, so that a crash leaves it. */
import type { Clock } from '../../lib/clock.ts'
import { assert } from '../../lib/errors.ts'
import type { Action } from '../actions/action.ts'
import type { Journal } from '../audit/journal.ts'
import { end, next, type Stage, type StageResult, type Subject } from '../stage.ts'
import { nameOf, type ActionName } from '../model.ts'
import type { Database } from '../store/database.ts'
import { updateIncident } from '../store/incidents.ts'
import { requestIntent, type IntentGrant } from '../store/intents.ts'
import { coolingDown } from './cooling-down.ts'

export interface ActOptions {
  readonly actions: Readonly<Record<Exclude<ActionName, 'notify'>, Action>>
  readonly database: Database
  readonly journal: Journal
  readonly clock: Clock
  /** Told how long after the alert began the action was begun. */
  readonly onAction: (delayMs: number) => void
}

/** Another incident is acting on the same process: look again soon, it will most likely be gone. */
const BUSY_RETRY_MS = 1_000

export function act(options: ActOptions): Stage {
  return {
    name: 'act',
    run: async (subject, signal) => {
      const { incident, policy, target } = subject
      assert(policy && policy.action !== 'notify' && target, 'act runs after approve')
      const grant = requestDurably(subject, options)
      if (!grant.granted)
        return grant.why === 'cooldown' ? coolingDown(subject, grant.remainingMs, options.clock) : waitForOther(subject, options.clock)
      options.onAction(options.clock.nowMs() - Date.parse(incident.startedAt))
      const result = await options.actions[policy.action].run(
        {
          target,
          graceMs: policy.grace_seconds * 1000,
          note: (note) => {
            options.journal.record(note.event, incident.id, note.text, note.data)
            options.journal.flush()
          },
        },
        signal,
      )
      return next(
        { ...subject, result, intentId: grant.intentId },
        { event: 'acted', text: result.text, data: { outcome: result.outcome, reason: result.reason } },
        { decision: 'act', reason: result.reason },
      )
    },
  }
}

/** The intent, the counted attempt and the audit entry are one transaction: all of them, or no action. */
function requestDurably(subject: Subject, { database, journal, clock }: ActOptions): IntentGrant {
  const { incident, policy, target, cooldownKey } = subject
  assert(policy && target && cooldownKey, 'an intent has a target')
  const { max, window_seconds: window, duration_seconds: duration } = policy.cooldown
  const grant = database.transaction(() => {
    const granted = requestIntent(
      database,
      {
        incident: incident.id,
        action: policy.action,
        cooldownKey,
        pid: target.pid,
        startTicks: target.startTicks,
        at: new Date(clock.nowMs()).toISOString(),
      },
      { max, windowMs: window * 1000, durationMs: duration * 1000 },
      clock.boot(),
    )
    if (granted.granted) {
      updateIncident(database, incident.id, { attempts: incident.attempts + 1 })
      journal.record(
        'intent',
        incident.id,
        `About to ${policy.action} ${nameOf(target)}, attempt ${incident.attempts + 1} of ${policy.attempts}.`,
        { action: policy.action, target },
      )
    }
    return granted
  })
  journal.flush()
  return grant
}

function waitForOther(subject: Subject, clock: Clock): StageResult {
  const { target } = subject
  assert(target, 'act runs after identify')
  return end(subject, {
    event: 'postponed',
    text: `Another incident is acting on ${nameOf(target)} right now.`,
    status: 'deferred',
    decision: null,
    reason: 'none',
    outcome: null,
    nextAtMs: clock.nowMs() + BUSY_RETRY_MS,
  })
}
