/**
 * Owns two questions that are asked more than once in a run, because its stages take seconds and its steps may take hours: has
 * somebody paused everything, and does the alert still fire?
 */
import type { Clock } from '../../lib/clock.ts'
import { end, refuse, type StageResult, type Subject } from '../stage.ts'
import type { Database } from '../store/database.ts'
import { getIncident } from '../store/incidents.ts'
import { isFrozenForAnswer } from '../store/holds.ts'
import { pausedBy } from '../store/pause.ts'

export interface WantedOptions {
  readonly database: Database
  readonly clock: Clock
}

/** The ending of a run that has become pointless or forbidden meanwhile. To be asked in the transaction that writes the intent. */
export function noLongerWanted(subject: Subject, options: WantedOptions): StageResult | undefined {
  const stored = getIncident(options.database, subject.incident.id)
  return refusedWhilePaused(subject, options.database) ?? cancelledWhenResolved(subject, stored?.resolvedAt ?? null, options)
}

export function refusedWhilePaused(subject: Subject, database: Database): StageResult | undefined {
  const text = pauseText(database)
  return text === undefined ? undefined : refuse(subject, 'paused', `${text}: nothing is done.`)
}

/** `procwarden is paused by ...`; undefined when it is not. */
export function pauseText(database: Database): string | undefined {
  const pause = pausedBy(database)
  return pause && `procwarden is paused by ${pause.by} since ${pause.at}${pause.why === '' ? '' : ` (${pause.why})`}`
}

/** What is frozen while a person is asked causes nothing more, and its alert ends for that reason alone. */
export function cancelledWhenResolved(
  subject: Subject,
  resolvedAt: string | null,
  { database, clock }: WantedOptions,
): StageResult | undefined {
  if (resolvedAt === null || isFrozenForAnswer(database, subject.incident.id, clock.boot().bootId)) return undefined
  return end(subject, {
    event: 'cancelled',
    text: 'The alert resolved before anything was done.',
    status: 'cancelled',
    decision: null,
    reason: 'resolved',
    outcome: 'cancelled',
  })
}
