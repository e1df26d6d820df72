/** Owns gathering what an advisor is told: the alert, its target, what was tried, the last hour in figures, similar incidents. */
import { readProcessDetails, readStat, type Procfs } from '../../lib/linux/proc-process.ts'
import type { AuditEntry, Incident } from '../model.ts'
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import { similarIncidents, type SimilarIncident } from '../diagnosis/similar-incidents.ts'
import { promqlString, type Prometheus } from '../prometheus.ts'
import { auditEntriesOf } from '../store/audit-entries.ts'
import type { Database } from '../store/database.ts'
import { diagnosisOf } from '../store/diagnoses/diagnosis-of.ts'

export interface Facts {
  readonly alert: Readonly<Record<string, unknown>>
  readonly target: Readonly<Record<string, unknown>> | null
  /** What was noticed and done, in order. */
  readonly timeline: ReadonlyArray<{ readonly at: string; readonly event: string; readonly text: string }>
  /** By signal: one value for every five minutes of the last hour, oldest first. */
  readonly lastHour: Readonly<Record<string, readonly number[]>>
  /** What procwarden's own rules make of it. */
  readonly diagnosis: Diagnosis | null
  readonly similar: readonly SimilarIncident[]
}

export interface FactsOptions {
  readonly database: Database
  readonly procfs: Procfs
  readonly prometheus: Prometheus | undefined
  readonly nowMs: () => number
}

const TIMELINE_MAX = 30
const SIMILAR_MAX = 5
const SERIES_MAX = 12
const HOUR_MS = 3_600_000
const STEP_SECONDS = 300

export async function gatherFacts(incident: Incident, options: FactsOptions): Promise<Facts> {
  const { database } = options
  const { alertname, severity, labels, annotations, startedAt, attempts, policy } = incident
  const { summary, description, current, baseline, threshold, unit } = annotations
  return {
    alert: { alertname, severity, labels, summary, description, current, baseline, threshold, unit, startedAt, attempts, policy },
    target: targetFacts(incident, options.procfs),
    timeline: auditEntriesOf(database, incident.id).slice(-TIMELINE_MAX).map(entryFacts),
    lastHour: await lastHour(incident, options),
    diagnosis: diagnosisOf(database, incident.id) ?? null,
    similar: similarIncidents(database, incident, SIMILAR_MAX),
  }
}

function entryFacts({ at, event, text }: AuditEntry): Facts['timeline'][number] {
  return { at, event, text }
}

/** The command line of a process that is still the same one. */
function targetFacts({ target }: Incident, procfs: Procfs): Facts['target'] {
  if (target === null) return null
  if (target.kind !== 'process') return { kind: target.kind, name: target.name, program: target.group, evidence: target.evidence }
  const isThere = readStat(target.pid, procfs)?.startTicks === target.startTicks
  const commandLine = isThere ? readProcessDetails(target.pid, procfs).cmdline.slice(0, 20).join(' ') : undefined
  const { group, pid, startTime, program, evidence } = target
  return { kind: 'process', program: group, pid, startTime, executable: program, evidence, isThere, commandLine }
}

async function lastHour(incident: Incident, { prometheus, nowMs }: FactsOptions): Promise<Facts['lastHour']> {
  const { group = incident.target?.group, probe, instance } = incident.labels
  const subject = probe === undefined ? group && `group=${promqlString(group)}` : `probe=${promqlString(probe)}`
  if (prometheus === undefined || subject === undefined) return {}
  const host = instance === undefined ? '' : `,instance=${promqlString(instance)}`
  const toMs = nowMs()
  try {
    const curves = await prometheus.queryRange(`procwarden:signal:level{${subject}${host}}`, {
      fromMs: toMs - HOUR_MS,
      toMs,
      stepSeconds: STEP_SECONDS,
    })
    return Object.fromEntries(
      curves.slice(0, SERIES_MAX).map(({ labels, values }) => [labels['signal'] ?? 'unknown', values.map(([, value]) => Number(value))]),
    )
  } catch {
    // A question without figures is better than none.
    return {}
  }
}
