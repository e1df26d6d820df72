/** Owns the remediator's own metrics: their names, labels and meaning. Counts what it is told and asks the store at scrape time. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Clock } from '../lib/clock.ts'
import { headFingerprint } from './audit/chain.ts'
import { STATUSES, type Incident } from './model.ts'
import { lastAuditEntry } from './store/audit-entries.ts'
import type { Database } from './store/database.ts'
import { inboxLength } from './store/inbox.ts'
import { countIncidentsByStatus } from './store/incidents.ts'
import { activeCooldowns } from './store/intents.ts'
import { outboxLength } from './store/outbox.ts'

export interface RemediatorMetrics {
  readonly registry: Registry
  webhookAnswered(code: number): void
  concluded(incident: Incident): void
  actionBegun(delayMs: number): void
  storeFailed(reason: string): void
  auditIntact(intact: boolean): void
}

export function createMetrics(database: Database, clock: Clock, version: string): RemediatorMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'procwarden_webhook_requests_total',
    help: 'Webhook requests by the status code they were answered with.',
    labelNames: ['code'],
    registers,
  })
  const actions = new Counter({
    name: 'procwarden_remediation_actions_total',
    help: 'Runs of an incident that came to an end, by policy, action, outcome and reason.',
    labelNames: ['policy', 'action', 'outcome', 'reason'],
    registers,
  })
  const delay = new Histogram({
    name: 'procwarden_remediation_action_delay_seconds',
    help: 'Seconds from the beginning of an alert to the beginning of the action on it.',
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 300],
    registers,
  })
  const storeErrors = new Counter({
    name: 'procwarden_store_errors_total',
    help: 'Failures of the store by reason.',
    labelNames: ['reason'],
    registers,
  })
  const intact = new Gauge({
    name: 'procwarden_audit_intact',
    help: '1 when the audit trail was whole at the start, 0 when it was not.',
    registers,
  })
  for (const code of ['200', '400', '401', '503']) requests.inc({ code }, 0)
  addStoreGauges(registers, database, clock)
  new Gauge({
    name: 'procwarden_build_info',
    help: 'Always 1; the labels tell the version.',
    labelNames: ['part', 'version', 'nodejs'],
    registers,
  }).set({ part: 'remediator', version, nodejs: process.versions.node }, 1)
  return {
    registry,
    webhookAnswered: (code) => requests.inc({ code: String(code) }),
    concluded: ({ policy, action, outcome, reason }) =>
      actions.inc({ policy: policy ?? 'none', action: action ?? 'none', outcome: outcome ?? 'open', reason: reason ?? 'none' }),
    actionBegun: (delayMs) => delay.observe(Math.max(0, delayMs) / 1000),
    storeFailed: (reason) => storeErrors.inc({ reason }),
    auditIntact: (isIntact) => intact.set(isIntact ? 1 : 0),
  }
}

/** Read from the store at each scrape, so that a restart or a second remediator cannot make them wrong. */
function addStoreGauges(registers: Registry[], database: Database, clock: Clock): void {
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
  gauge('procwarden_cooldowns_active', 'Targets that are cooling down.', () => activeCooldowns(database, clock.boot()))
  gauge('procwarden_mail_outbox_length', 'Mails that wait to be sent.', () => outboxLength(database))
  gauge('procwarden_audit_length', 'Entries of the audit trail.', () => lastAuditEntry(database)?.seq ?? 0)
  gauge('procwarden_audit_head_fingerprint', "The first 48 bits of the last audit entry's hash, as a number.", () =>
    headFingerprint(lastAuditEntry(database)?.hash ?? '0'),
  )
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
