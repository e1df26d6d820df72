/** Owns who is written to about what: events that are switched off, and routes by severity, policy and event. */
import type { Incident } from '../model.ts'
import type { EventName } from './events.ts'
import type { MailRoute, MailSettings } from './mail-settings.ts'

/** Each address once; empty when nobody is to be told. All routes that fit count; where none does, everybody is meant. */
export function recipientsOf(
  incident: Pick<Incident, 'severity' | 'policy'>,
  events: readonly EventName[],
  { to, routes, events: switches }: Pick<MailSettings, 'to' | 'routes' | 'events'>,
): string[] {
  const wanted = events.filter((event) => switches[event] !== false)
  if (wanted.length === 0) return []
  const fitting = routes.filter((route) => fits(route, incident, wanted))
  return distinct(fitting.length > 0 ? fitting.flatMap((route) => route.to) : to)
}

/** Mail hosts do not tell capital letters from small ones, and neither do people. */
export function distinct(addresses: readonly string[]): string[] {
  return [...new Map(addresses.map((address) => [address.toLowerCase(), address])).values()]
}

function fits(
  { severity, policy, events }: MailRoute,
  incident: Pick<Incident, 'severity' | 'policy'>,
  wanted: readonly EventName[],
): boolean {
  if (severity !== undefined && !severity.includes(incident.severity)) return false
  if (policy !== undefined && (incident.policy === null || !policy.includes(incident.policy))) return false
  return events === undefined || wanted.some((event) => events.includes(event))
}
