/** Owns the words of a mail that says that an incident is over. */
import { aboutOf } from '../people-view.ts'
import type { Incident } from '../model.ts'
import { factsOf, footerOf, type MailOrigin } from './incident-letter.ts'
import { subjectLine, type Letter } from './letter.ts'

export function recoveredLetter(incident: Incident, at: string, origin: MailOrigin): Letter {
  const headline = `recovered: ${aboutOf(incident)}`
  const lastedMs = Date.parse(at) - Date.parse(incident.startedAt)
  const lasted = Number.isFinite(lastedMs) && lastedMs > 0 ? ` It lasted ${durationText(lastedMs)}.` : ''
  return {
    subject: subjectLine(`[procwarden ${origin.hostname}] ${headline} - ${incident.alertname}`),
    headline,
    tone: 'good',
    sentences: [
      `${incident.alertname} about ${aboutOf(incident)} is over.${lasted}`,
      ...(incident.summary === null ? [] : [incident.summary]),
    ],
    facts: factsOf(incident, origin, incident.reason ?? 'none').filter(([name]) => name !== 'Now'),
    choices: [],
    footer: footerOf(incident, origin),
  }
}

export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`
}
