/** Owns the metrics that are read from the store at each scrape, so that a restart or a second remediator cannot make them wrong. */
import { Gauge, type Registry } from 'prom-client'
import type { Clock } from '../lib/clock.ts'
import { trailName } from './audit/anchors.ts'
import { headFingerprint } from './audit/chain.ts'
import { addIncidentInfo } from './incident-info.ts'
import { STATUSES } from './model.ts'
import { firstAuditHash } from './store/audit/first-audit-hash.ts'
import { lastAuditEntry } from './store/audit/last-audit-entry.ts'
import type { Database } from './store/database.ts'
import { openHumanAlerts } from './store/escalations/open-human-alerts.ts'
import { inboxLength } from './store/inbox/inbox-length.ts'
import { oldestInboxEntry } from './store/inbox/oldest-inbox-entry.ts'
import { countIncidentsByStatus } from './store/incidents/count-incidents-by-status.ts'
import { activeCooldowns } from './store/intents/active-cooldowns.ts'
import { outboxLength } from './store/outbox/outbox-length.ts'
import { pausedBy } from './store/pause/paused-by.ts'

export function addStoreGauges(registers: Registry[], database: Database, clock: Clock): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  }
  gauge('procwarden_remediation_queue_length', 'Alerts acknowledged but not yet incidents.', () => inboxLength(database))
  gauge('procwarden_remediation_queue_age_seconds', 'Age of the oldest alert that is acknowledged but not yet an incident.', () => {
    const oldest = oldestInboxEntry(database)
    return oldest === undefined ? 0 : Math.max(0, clock.nowMs() - Date.parse(oldest)) / 1000
  })
  gauge('procwarden_cooldowns_active', 'Targets that are cooling down.', () => activeCooldowns(database, clock.boot()))
  gauge('procwarden_remediation_paused', '1 while the kill switch is thrown: nothing is acted upon.', () => (pausedBy(database) ? 1 : 0))
  gauge('procwarden_human_alerts_open', 'Incidents handed to a person that nobody has closed.', () => openHumanAlerts(database))
  gauge('procwarden_mail_outbox_length', 'Mails that wait to be sent.', () => outboxLength(database))
  gauge(
    'procwarden_remediation_approvals_pending',
    'Incidents that wait for a person to answer.',
    () => countIncidentsByStatus(database).get('awaiting_approval') ?? 0,
  )
  addIncidentGauge(registers, database)
  addIncidentInfo(registers, database, clock)
  addAuditGauges(registers, database)
}

function addIncidentGauge(registers: Registry[], database: Database): void {
  new Gauge({
    name: 'procwarden_remediation_incidents',
    help: 'Incidents by status.',
    labelNames: ['status'],
    registers,
    collect() {
      const counts = countIncidentsByStatus(database)
      for (const status of STATUSES) this.set({ status }, counts.get(status) ?? 0)
    },
  })
}

/** Length, head and name are of one moment, that of the first that is collected: together they are an anchor for `audit verify`. */
function addAuditGauges(registers: Registry[], database: Database): void {
  const lookNow = (): { length: number; head: number; trail: string } => {
    const last = lastAuditEntry(database)
    return { length: last?.seq ?? 0, head: headFingerprint(last?.hash ?? '0'), trail: trailName(firstAuditHash(database) ?? '') }
  }
  let anchor = lookNow()
  new Gauge({
    name: 'procwarden_audit_length',
    help: 'Entries of the audit trail.',
    registers,
    collect() {
      anchor = lookNow()
      this.set(anchor.length)
    },
  })
  new Gauge({
    name: 'procwarden_audit_head_fingerprint',
    help: "The first 48 bits of the last audit entry's hash, as a number.",
    registers,
    collect() {
      this.set(anchor.head)
    },
  })
  new Gauge({
    name: 'procwarden_audit_trail_info',
    help: 'Always 1; the label names the audit trail by its first entry.',
    labelNames: ['trail'],
    registers,
    collect() {
      this.reset()
      this.set({ trail: anchor.trail }, 1)
    },
  })
}
