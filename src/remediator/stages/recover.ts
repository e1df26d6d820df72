/**
 * Owns what an interrupted run left behind: an intent without outcome. It looks at the process again and never repeats
 * blindly; what may have been signalled gets its grace period before it counts as a new attempt.
 */
import type { Clock } from '../../lib/clock.ts'
import { readStat, type Procfs } from '../../lib/linux/proc-process.ts'
import type { Policy } from '../config.ts'
import { nameOf } from '../model.ts'
import { end, next, type Stage } from '../stage.ts'
import { auditEntriesOf } from '../store/audit-entries.ts'
import type { Database } from '../store/database.ts'
import { concludeIntent, openIntentOf, type OpenIntent } from '../store/intents.ts'

export interface RecoverOptions {
  readonly database: Database
  readonly procfs: Procfs
  readonly clock: Clock
  readonly policies: readonly Policy[]
}

const LOOK_AGAIN_MS = 200
const GRACE_MS_DEFAULT = 5_000

export function recover(options: RecoverOptions): Stage {
  const { database, clock } = options
  return {
    name: 'recover',
    run: async (subject, signal) => {
      const intent = openIntentOf(database, subject.incident.id)
      if (!intent) return next(subject)
      const { target } = subject.incident
      const who = target ? nameOf(target) : `pid ${intent.pid}`
      if (await endsWithinGrace(intent, graceMsOf(subject.incident.policy, options.policies), options, signal)) {
        const wasSignalled = auditEntriesOf(database, subject.incident.id).some(
          (entry) => entry.event === 'signal.sent' && entry.at >= intent.at,
        )
        const outcome = wasSignalled ? 'killed' : 'target_gone'
        return end(
          { ...subject, intentId: intent.id },
          {
            event: 'recovered',
            text: `${who} is gone: ${wasSignalled ? 'it was sent a signal' : 'it was about to be signalled'} when procwarden was interrupted. Nothing is repeated.`,
            status: 'done',
            decision: 'act',
            reason: wasSignalled ? 'none' : 'target_gone',
            outcome,
            action: intent.action,
          },
        )
      }
      concludeIntent(database, intent.id, 'interrupted', new Date(clock.nowMs()).toISOString())
      return next(subject, {
        event: 'recovered',
        text: `procwarden was interrupted while it was to ${intent.action} pid ${intent.pid}; the process is still there. Everything is checked anew.`,
        data: { pid: intent.pid },
      })
    },
  }
}

/** Whether the intent's process is gone now, or goes while a signal that may have been sent has its time. */
async function endsWithinGrace(
  intent: OpenIntent,
  graceMs: number,
  { procfs, clock }: RecoverOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const isGone = (): boolean => {
    const stat = readStat(intent.pid, procfs)
    return (
      clock.boot().bootId !== intent.bootId ||
      stat === undefined ||
      stat.startTicks !== intent.startTicks ||
      stat.state === 'Z' ||
      stat.state === 'X'
    )
  }
  while (!isGone()) {
    if (clock.boot().ms - intent.bootMs >= graceMs) return false
    await clock.sleep(LOOK_AGAIN_MS, signal)
  }
  return true
}

function graceMsOf(policyName: string | null, policies: readonly Policy[]): number {
  const policy = policies.find((candidate) => candidate.name === policyName)
  return policy === undefined ? GRACE_MS_DEFAULT : policy.grace_seconds * 1000
}
