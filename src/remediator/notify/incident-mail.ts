/** Owns the words of a mail about an incident: what happened, how far from normal, what was or would be done, how to go on. */
import { createHash } from 'node:crypto'
import { printable } from '../../lib/log.ts'
import type { Ending } from '../stage.ts'
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import { diagnosisText } from '../diagnosis/diagnosis-text.ts'
import { nameOf, type Incident, type Outcome } from '../model.ts'
import type { NewMail } from '../store/outbox.ts'

export interface MailOrigin {
  readonly hostname: string
  readonly consoleUrl: string
}

/** The mail for a run's ending, or undefined when nobody needs to be told. */
export function incidentMail(
  incident: Incident,
  ending: Ending,
  origin: MailOrigin,
  nowMs: number,
  diagnosis?: Diagnosis,
): NewMail | undefined {
  if (!isWorthAMail(ending)) return undefined
  return {
    dedupe: `${incident.id}:${ending.event}:${incident.attempts}`,
    incident: incident.id,
    subject: subjectOf(incident, ending, origin),
    body: bodyOf(incident, ending, origin, diagnosisText(diagnosis)),
    messageId: `<${createHash('sha256').update(`${incident.id}:${ending.event}:${incident.attempts}`).digest('hex').slice(0, 32)}@${origin.hostname}>`,
    createdAtMs: nowMs,
  }
}

/** Other hosts' alerts, resolved ones, postponed ones and targets that ended by themselves are in the record, not in the mailbox. */
function isWorthAMail(ending: Ending): boolean {
  if (ending.reason === 'not_this_host' || ending.reason === 'resolved') return false
  if (ending.status === 'deferred') return ending.reason === 'cooldown' || ending.event === 'attempt.failed'
  return ending.outcome !== 'target_gone'
}

function subjectOf(incident: Incident, ending: Ending, origin: MailOrigin): string {
  const who = incident.target ? nameOf(incident.target) : (incident.labels['group'] ?? incident.labels['directory'] ?? 'no single program')
  return printable(`[procwarden ${origin.hostname}] ${headline(ending, incident.action)}: ${who} - ${incident.alertname}`).slice(0, 250)
}

const HEADLINES: Partial<Record<Outcome, string>> = {
  killed: 'stopped',
  frozen: 'frozen',
  thawed: 'let go on',
  restarted: 'restarted',
  quarantined: 'files moved into quarantine',
  reaped: 'dead children collected',
  executed: 'command run',
  observed: 'would act',
  failed: 'FAILED to help',
  unknown: 'done, outcome unknown',
  notified: 'notice',
}

function headline(ending: Ending, action: Incident['action']): string {
  if (ending.outcome === 'observed' && action === 'kill') return 'would stop'
  if (ending.outcome === 'failed' && action === 'kill') return 'FAILED to stop'
  const done = ending.outcome === null ? undefined : HEADLINES[ending.outcome]
  if (done !== undefined) return done
  if (ending.status === 'awaiting_approval') return 'asks you'
  return ending.reason === 'cooldown' ? 'cooling down' : 'not acted upon'
}

function bodyOf(incident: Incident, ending: Ending, origin: MailOrigin, diagnosis: readonly string[]): string {
  const { annotations, target } = incident
  const lines = [
    ending.text,
    '',
    annotations['description'] ?? annotations['summary'] ?? `${incident.alertname} fires.`,
    '',
    ...(diagnosis.length === 0 ? [] : [...diagnosis, '']),
    ...figures(incident),
    `Alert:     ${incident.alertname} (${incident.severity}), since ${incident.startedAt}`,
    ...(target ? [`Program:   ${nameOf(target)}${target.kind === 'process' ? `, started ${target.startTime}` : ''}`] : []),
    `Host:      ${origin.hostname}`,
    `Mode:      ${incident.mode ?? 'none'}; policy ${incident.policy ?? 'none'}; reason ${ending.reason}`,
    `Incident:  ${incident.id}`,
    '',
    ...advice(incident, ending),
    ...(annotations['runbook_url'] ? [`Runbook: ${annotations['runbook_url']}`] : []),
    `All incidents: ${origin.consoleUrl}  (or: procwarden incidents)`,
  ]
  return `${lines.map((line) => printable(line)).join('\n')}\n`
}

function figures({ annotations }: Incident): string[] {
  const { current, baseline, threshold, unit } = annotations
  if (current === undefined) return []
  const parts = [`Now:       ${current} ${unit ?? ''}`.trimEnd()]
  if (baseline !== undefined && baseline !== '') parts.push(`Normal:    ${baseline} ${unit ?? ''}`.trimEnd())
  if (threshold !== undefined) parts.push(`Threshold: ${threshold} ${unit ?? ''}`.trimEnd())
  return parts
}

function advice(incident: Incident, ending: Ending): string[] {
  if (ending.status === 'awaiting_approval')
    return [`To let it happen:  procwarden approve ${incident.id}`, `To leave it alone: procwarden deny ${incident.id}`, '']
  if (ending.reason === 'mode_observe')
    return ['To have such programs stopped, run procwarden with --mode confirm (it asks first) or --mode auto.', '']
  return []
}
