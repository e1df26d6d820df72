/**
 * Owns the metric that names the incidents of now, so that a table can put beside an alert which process it was found to be
 * about, what is known of the reason, and where a person looks it up. Reads the store at each scrape and keeps nothing.
 */
import { Gauge, type Registry } from 'prom-client'
import type { Clock } from '../lib/clock.ts'
import type { Incident } from './model.ts'
import type { Database } from './store/database.ts'
import { diagnosisSummary } from './store/diagnoses/diagnosis-summary.ts'
import { currentIncidents } from './store/incidents/current-incidents.ts'

/** So many series at most, whatever happens on the machine. */
const INCIDENTS_MAX = 100
/** What was closed longer ago than this, and whose alert has resolved, is history. */
const RECENT_MS = 24 * 3_600_000
/** Names come from strangers. */
const LABEL_LENGTH_MAX = 256

/** Labels of alerts that are about no program. One of them at most is there; the dashboards put the same together. */
export const SUBJECT_LABELS = ['probe', 'device', 'directory', 'mountpoint', 'check', 'service', 'family', 'collector'] as const

const LABELS = [
  'incident',
  'alertname',
  'host',
  'signal',
  'group',
  'pid',
  'subject',
  'severity',
  'diagnosis',
  'confidence',
  'recommended_action',
  'status',
] as const
type InfoLabels = Record<(typeof LABELS)[number], string>

/** What is known of an incident's reason; empty where nothing is. */
interface Advice {
  readonly diagnosis: string
  readonly confidence: string
  readonly recommendedAction: string
}

export function addIncidentInfo(registers: Registry[], database: Database, clock: Clock): void {
  new Gauge({
    name: 'procwarden_incident_info',
    help: 'Always 1; the incidents that are open, unresolved or of the last day, of each alert the newest, at most 100. host is the instance of the alert.',
    labelNames: LABELS,
    registers,
    collect() {
      this.reset()
      const since = new Date(clock.nowMs() - RECENT_MS).toISOString()
      for (const incident of currentIncidents(database, since, INCIDENTS_MAX)) this.set(infoOf(incident, adviceOn(database, incident)), 1)
    },
  })
}

/** The diagnosis; before there is one, what the policy does, or what the rule asks for when no policy has taken it up. */
function adviceOn(database: Database, { id, action, labels }: Incident): Advice {
  const diagnosis = diagnosisSummary(database, id)
  if (diagnosis !== undefined) return { ...diagnosis, diagnosis: diagnosis.name }
  return { diagnosis: '', confidence: '', recommendedAction: action ?? labels['remediate'] ?? '' }
}

function infoOf({ id, alertname, severity, status, labels, target }: Incident, advice: Advice): InfoLabels {
  const info: InfoLabels = {
    incident: id,
    alertname,
    host: labels['instance'] ?? '',
    signal: labels['signal'] ?? '',
    // The alert's own, by which it is found; else those of the target.
    group: labels['group'] ?? target?.group ?? '',
    pid: labels['pid'] ?? (target?.kind === 'process' ? String(target.pid) : ''),
    subject: SUBJECT_LABELS.map((label) => labels[label] ?? '').join(''),
    severity,
    diagnosis: advice.diagnosis,
    confidence: advice.confidence,
    recommended_action: advice.recommendedAction,
    status,
  }
  for (const label of LABELS) info[label] = info[label].slice(0, LABEL_LENGTH_MAX)
  return info
}
