/** Owns turning acknowledged alerts into incidents: a new episode, a repeat of a known one, or the end of one. Acts on nothing. */
import type { Clock } from '../lib/clock.ts'
import type { Journal } from './audit/journal.ts'
import type { Alert, Incident } from './model.ts'
import type { Database } from './store/database.ts'
import { removeFromInbox, nextInboxEntries, type InboxEntry } from './store/inbox.ts'
import { createIncident, latestEpisode, updateIncident } from './store/incidents.ts'

const BATCH = 200
/** So long after its target was stopped, an alert that is sent again may mean another one: that is an incident of its own. */
const ANOTHER_TARGET_MS = 30_000
/** Looking for a writer costs seconds of a core; an alert that is sent again every half minute must not have it each time. */
const LOOK_AGAIN_MS = 290_000

/** Moves what is in the inbox into incidents, in order of arrival. Returns how many entries it dealt with. */
export function admitInbox(database: Database, journal: Journal, clock: Clock): number {
  const entries = nextInboxEntries(database, BATCH)
  if (entries.length === 0) return 0
  database.transaction(() => {
    for (const entry of entries) {
      if (entry.alert.status === 'resolved') resolve(entry.alert, database, journal, clock)
      else fire(entry, database, journal, clock)
      removeFromInbox(database, entry.id)
    }
  })
  journal.flush()
  return entries.length
}

function fire({ alert, receivedAt }: InboxEntry, database: Database, journal: Journal, clock: Clock): void {
  const known = latestEpisode(database, alert.fingerprint)
  if (known && known.resolvedAt === null && (isOpen(known) || known.startedAt === alert.startsAt) && !mayBeAnother(known, clock)) {
    if (shouldReopen(known, clock)) {
      updateIncident(database, known.id, { status: 'queued', nextAtMs: null, closedAt: null })
      journal.record('reopened', known.id, 'The alert still fires; it is looked at again.')
    }
    return
  }
  // A late copy of a notification about an episode that has already resolved.
  if (known && known.resolvedAt !== null && known.startedAt === alert.startsAt) return
  const incident = createIncident(database, alert, receivedAt)
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

function resolve(alert: Alert, database: Database, journal: Journal, clock: Clock): void {
  const known = latestEpisode(database, alert.fingerprint)
  if (!known || known.resolvedAt !== null) return
  // What waits will find it resolved when its turn comes, and end as cancelled.
  updateIncident(database, known.id, {
    resolvedAt: new Date(clock.nowMs()).toISOString(),
    ...(isOpen(known) ? { status: 'queued' as const, nextAtMs: null } : {}),
  })
  journal.record('resolved', known.id, 'Alertmanager says the alert has resolved.')
}

function isOpen(incident: Incident): boolean {
  return incident.status !== 'done' && incident.status !== 'cancelled'
}

/** A repeat is a second chance for what could not be done: at once for what failed, after a while for what was not found. */
function shouldReopen(known: Incident, clock: Clock): boolean {
  if (isOpen(known)) return false
  if (known.outcome === 'failed') return true
  return (known.reason === 'target_unknown' || known.outcome === 'target_gone') && closedMsAgo(known, clock) > LOOK_AGAIN_MS
}

/** An alert about a folder outlives the writer that was stopped: what fires on may be the work of the next one. */
function mayBeAnother(known: Incident, clock: Clock): boolean {
  return known.labels['directory'] !== undefined && known.outcome === 'killed' && closedMsAgo(known, clock) > ANOTHER_TARGET_MS
}

function closedMsAgo(known: Incident, clock: Clock): number {
  return known.closedAt === null ? 0 : clock.nowMs() - Date.parse(known.closedAt)
}
