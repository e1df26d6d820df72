/** Owns how the remediator as a whole looks from outside: the JSON of /api/status and of `procwarden status --json`. */
import type { Status } from './api/schemas.ts'
import type { CheckState } from './checks/keeper.ts'
import type { IncidentStatus, Mode } from './model.ts'
import { lastAuditEntry } from './store/audit/last-audit-entry.ts'
import type { Database } from './store/database.ts'
import { openHumanAlerts } from './store/escalations/open-human-alerts.ts'
import { inboxLength } from './store/inbox/inbox-length.ts'
import { oldestInboxEntry } from './store/inbox/oldest-inbox-entry.ts'
import { countIncidentsByStatus } from './store/incidents/count-incidents-by-status.ts'
import { activeCooldowns } from './store/intents/active-cooldowns.ts'
import { outboxLength } from './store/outbox/outbox-length.ts'
import { pausedBy } from './store/pause/paused-by.ts'
import { viewWatchdog } from './watchdog-view.ts'
import type { BootMoment } from '../lib/clock.ts'

/** What only the running process knows. */
export interface AboutRemediator {
  readonly version: string
  /** Null when it does not run. */
  readonly startedAt: string | null
  readonly mode: Mode | null
  readonly isLeader: boolean
  readonly auditIntactAtStart: boolean
  readonly boot: BootMoment
  readonly nowMs: number
  /** Null where nothing runs that knows which checks are configured. */
  readonly checks: readonly CheckState[] | null
}

export function viewStatus(database: Database, about: AboutRemediator): Status {
  const counts = countIncidentsByStatus(database)
  const last = lastAuditEntry(database)
  const count = (status: IncidentStatus): number => counts.get(status) ?? 0
  return {
    version: about.version,
    startedAt: about.startedAt,
    mode: about.mode,
    leader: about.isLeader,
    pause: pausedBy(database) ?? null,
    incidents: {
      queued: count('queued'),
      deferred: count('deferred'),
      awaiting_approval: count('awaiting_approval'),
      done: count('done'),
      cancelled: count('cancelled'),
    },
    queue: { alerts: inboxLength(database), oldestAt: oldestInboxEntry(database) ?? null },
    cooldowns: activeCooldowns(database, about.boot),
    mailsWaiting: outboxLength(database),
    humanAlerts: openHumanAlerts(database),
    watchdog: viewWatchdog(database, about.checks, about.nowMs),
    audit: { length: last?.seq ?? 0, head: last?.hash ?? '', intactAtStart: about.auditIntactAtStart },
  }
}
