/** Owns the log line of an incident that is done. */
import type { Logger } from '../lib/log.ts'
import type { Incident } from './model.ts'

export function logConclusion(incident: Incident, log: Logger): void {
  const line = `${incident.alertname}: ${incident.summary ?? 'done'}`
  const fields = { incident: incident.id, decision: incident.decision, reason: incident.reason, outcome: incident.outcome }
  if (incident.outcome === 'failed') log.error(line, fields)
  else log.info(line, fields)
}
