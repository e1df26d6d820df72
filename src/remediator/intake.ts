/** Owns turning acknowledged alerts into incidents: a new episode, a repeat of a known one, or the end of one. Acts on nothing. */
import type { Clock } from '../lib/clock.ts'
import type { Journal } from './audit/journal.ts'
import type { Alert, Incident } from './model.ts'
import type { Database } from './store/database.ts'
import { nextInboxEntries, type InboxEntry } from './store/inbox/next-inbox-entries.ts'
import { removeFromInbox } from './store/inbox/remove-from-inbox.ts'
import { createIncident } from './store/incidents/create-incident.ts'
import { fireAgain } from './store/incidents/fire-again.ts'
import { latestEpisode } from './store/incidents/latest-episode.ts'
import { deleteOldSynthetic } from './store/incidents/delete-old-synthetic.ts'
import { updateIncident } from './store/incidents/update-incident.ts'
import { isFrozenForAnswer } from './store/holds.ts'
import { forgetRecovery, noteRecovery } from './store/recoveries.ts'
import { isSynthetic } from './synthetic.ts'

/** One transaction; it takes some 10 ms, during which no delivery is acknowledged. */
const BATCH = 100
/** So long after its target was stopped, an alert that is sent again may mean another one: that is an incident of its own. */
const ANOTHER_TARGET_MS = 30_000
/** Looking for a writer costs seconds of a core; an alert that is sent again every half minute must not have it each time. */
const LOOK_AGAIN_MS = 290_000
/** Incidents of synthetic alerts: the last ones, for who looks for a fault. */
const SYNTHETIC_KEPT = 20

/** Whether what was only told, or left while everything was paused, may be done now: the mode has become bolder since. */
export type MayActNow = (known: Incident) => boolean

/** Moves a batch of what is in the inbox into incidents, in order of arrival. Returns how many entries it dealt with. */
export function admitInbox(database: Database, journal: Journal, clock: Clock, mayActNow: MayActNow = () => false): number {
  const entries = nextInboxEntries(database, BATCH)
  if (entries.length === 0) return 0
  database.transaction(() => {
    for (const entry of entries) {
      if (entry.alert.status === 'resolved') resolve(entry.alert, database, journal, clock)
      else fire(entry, database, journal, clock, mayActNow)
      removeFromInbox(database, entry.id)
    }
  })
  journal.flush()
  return entries.length
}

/** What a firing alert means for the newest episode of its fingerprint. */
export type Judgement = 'new' | 'reopen' | 'known'

export function judge(known: Incident | undefined, startsAt: string, clock: Clock, mayActNow: MayActNow): Judgement {
  if (!known) return 'new'
  // What is frozen while a person is asked may fall silent and be heard of again; one question about it is enough.
  const isAsking = known.status === 'awaiting_approval'
  const isSameEpisode = isAsking || (known.resolvedAt === null && (isOpen(known) || known.startedAt === startsAt))
  if (isSameEpisode && !mayBeAnother(known, clock)) return shouldReopen(known, clock, mayActNow) ? 'reopen' : 'known'
  // A late copy of a notification about an episode that has already resolved.
  return known.resolvedAt !== null && known.startedAt === startsAt ? 'known' : 'new'
}

function fire({ alert, receivedAt }: InboxEntry, database: Database, journal: Journal, clock: Clock, mayActNow: MayActNow): void {
  const known = latestEpisode(database, alert.fingerprint)
  const judgement = judge(known, alert.startsAt, clock, mayActNow)
  if (judgement === 'known') {
    if (known?.status === 'awaiting_approval' && known.resolvedAt !== null && known.startedAt !== alert.startsAt)
      firesAgain(known, alert, database, journal)
    return
  }
  if (judgement === 'reopen' && known) {
    // What was approved was about the one that is gone or was dealt with; who it is now, is looked at anew.
    updateIncident(database, known.id, { status: 'queued', nextAtMs: null, closedAt: null, approvedBy: null })
    const why = known.outcome === 'observed' ? 'The alert still fires, and more may be done about it now' : 'The alert still fires'
    journal.record('reopened', known.id, `${why}; it is looked at again.`)
    return
  }
  const incident = createIncident(database, alert, receivedAt)
  if (isSynthetic(incident)) return deleteOldSynthetic(database, SYNTHETIC_KEPT)
  const { severity, alertname } = incident
  journal.record(
    'opened',
    incident.id,
    `${alertname} (${severity}) fires since ${incident.startedAt}. ${alert.annotations['summary'] ?? ''}`.trim(),
    {
      fingerprint: alert.fingerprint,
      episode: incident.episode,
      labels: alert.labels,
    },
  )
}

function firesAgain({ id }: Incident, { startsAt }: Alert, database: Database, journal: Journal): void {
  fireAgain(database, id, startsAt)
  forgetRecovery(database, id)
  journal.record('refired', id, `The alert fires again, since ${startsAt}; the question about it stays.`)
}

function resolve(alert: Alert, database: Database, journal: Journal, clock: Clock): void {
  const known = latestEpisode(database, alert.fingerprint)
  if (!known || known.resolvedAt !== null) return
  endEpisode(known, 'Alertmanager says the alert has resolved.', database, journal, clock)
}

/**
 * The alert no longer fires. What waits will find that when its turn comes, and end as cancelled; but what is frozen while a person
 * is asked causes nothing more for that very reason, and the question stays. Call it in a transaction.
 */
export function endEpisode(known: Incident, why: string, database: Database, journal: Journal, clock: Clock): void {
  const at = new Date(clock.nowMs()).toISOString()
  const isFrozen = isOpen(known) && isFrozenForAnswer(database, known.id, clock.boot().bootId)
  noteRecovery(database, known.id, at)
  updateIncident(database, known.id, {
    resolvedAt: at,
    ...(isOpen(known) && !isFrozen ? { status: 'queued' as const, nextAtMs: null } : {}),
  })
  const still = isFrozen ? ' What it accuses is frozen meanwhile, so that this says nothing: the question stays.' : ''
  if (!isSynthetic(known)) journal.record('resolved', known.id, `${why}${still}`)
}

function isOpen(incident: Incident): boolean {
  return incident.status !== 'done' && incident.status !== 'cancelled'
}

/** A repeat is a second chance for what could not be done: at once for what failed, after a while for what was not found. */
function shouldReopen(known: Incident, clock: Clock, mayActNow: MayActNow): boolean {
  if (isOpen(known)) return false
  if (known.outcome === 'failed') return true
  if (known.outcome === 'observed' || known.reason === 'paused') return mayActNow(known)
  return (known.reason === 'target_unknown' || known.outcome === 'target_gone') && closedMsAgo(known, clock) > LOOK_AGAIN_MS
}

/** An alert about a folder outlives the writer that was stopped: what fires on may be the work of the next one. */
function mayBeAnother(known: Incident, clock: Clock): boolean {
  return known.labels['directory'] !== undefined && known.outcome === 'killed' && closedMsAgo(known, clock) > ANOTHER_TARGET_MS
}

function closedMsAgo(known: Incident, clock: Clock): number {
  if (known.closedAt === null) return 0
  const ms = clock.nowMs() - Date.parse(known.closedAt)
  // The wall clock was put back since: how long it really was cannot be told, and looking once more is the safe side.
  return ms < 0 ? Infinity : ms
}
