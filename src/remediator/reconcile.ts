/**
 * Owns comparing what Alertmanager says is active with what is known here: an alert that was lost on its way is taken in, one
 * that may be acted upon by now is taken up again, and one that is over is not acted upon. Never acts itself.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import { OperationalError, messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import type { ActiveAlert, ActiveAlerts, Alertmanager } from './alertmanager.ts'
import type { Journal } from './audit/journal.ts'
import { admitInbox, endEpisode, judge, type MayActNow } from './intake.ts'
import type { Database } from './store/database.ts'
import { acceptDelivery } from './store/inbox/accept-delivery.ts'
import { latestEpisode } from './store/incidents/latest-episode.ts'
import { unresolvedIncidents } from './store/incidents/unresolved-incidents.ts'

export interface ReconcileOptions {
  readonly database: Database
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Logger
  readonly alertmanager: Alertmanager
  readonly mayActNow: MayActNow
}

export interface Reconciled {
  readonly takenIn: number
  readonly ended: number
}

/** Written in one transaction; between two of them webhooks get their turn. */
const BATCH = 200
const ENDED_MAX = 10_000

/** One comparison. Throws OperationalError when Alertmanager does not answer or the store cannot be written. */
export async function reconcile(options: ReconcileOptions, signal: AbortSignal): Promise<Reconciled> {
  const { database, journal, clock, log, alertmanager, mayActNow } = options
  const askedAtMs = clock.nowMs()
  const active = await alertmanager.active(signal)
  if (active.unreadable > 0) log.warn(`${active.unreadable} alerts of Alertmanager could not be understood and were left out`)
  // What was acknowledged before counts as known.
  while (admitInbox(database, journal, clock, mayActNow) > 0) await nextTurn()
  const lost = active.alerts.filter((alert) => alert.isNotified && isNews(alert, options))
  for (let from = 0; from < lost.length; from += BATCH) {
    acceptDelivery(database, lost.slice(from, from + BATCH), new Date(clock.nowMs()).toISOString())
    await nextTurn()
  }
  return { takenIn: lost.length, ended: await endAbsent(active, askedAtMs, options) }
}

/** As `reconcile`; a failure is told and not thrown. Returns the metric's label value. */
export async function reconcileQuietly(options: ReconcileOptions, signal: AbortSignal): Promise<'done' | 'failed'> {
  const { log } = options
  try {
    const { takenIn, ended } = await reconcile(options, signal)
    if (takenIn > 0) log.info(`Alertmanager has ${takenIn} active alerts that were not known, or may be acted upon now`)
    if (ended > 0) log.info(`${ended} alerts are over, says Alertmanager, which was not known here`)
    return 'done'
  } catch (error) {
    if (signal.aborted) return 'failed'
    if (!(error instanceof OperationalError)) throw error
    log.warn('Active alerts could not be compared with Alertmanager; it is tried again in a minute', { error: messageOf(error) })
    return 'failed'
  }
}

function isNews(alert: ActiveAlert, { database, clock, mayActNow }: ReconcileOptions): boolean {
  return judge(latestEpisode(database, alert.fingerprint), alert.startsAt, clock, mayActNow) !== 'known'
}

/**
 * An incident whose alert is not among the active ones is over, if Alertmanager has run ever since it told us: one that
 * restarted has forgotten, and hears from Prometheus anew within minutes.
 */
async function endAbsent(active: ActiveAlerts, askedAtMs: number, { database, journal, clock }: ReconcileOptions): Promise<number> {
  const fingerprints = new Set(active.alerts.map((alert) => alert.fingerprint))
  const since = new Date(active.runningSinceMs).toISOString()
  const over = unresolvedIncidents(database, since, new Date(askedAtMs).toISOString(), ENDED_MAX).filter(
    (incident) => !fingerprints.has(incident.fingerprint),
  )
  for (let from = 0; from < over.length; from += BATCH) {
    database.transaction(() => {
      for (const incident of over.slice(from, from + BATCH)) {
        const now = latestEpisode(database, incident.fingerprint)
        if (now?.id === incident.id && now.resolvedAt === null)
          endEpisode(now, 'Alertmanager no longer has the alert: it has resolved.', database, journal, clock)
      }
    })
    journal.flush()
    await nextTurn()
  }
  return over.length
}
