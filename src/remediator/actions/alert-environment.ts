/** Owns what a user's own script is told about an incident: JSON on its standard input, and the same in its environment. */
import type { Incident, Target } from '../model.ts'

export interface Occasion {
  readonly incident: Incident
  readonly target: Target | null
  readonly policy: string
  readonly attempt: number
}

/** The kernel takes at most 128 KiB for one variable (MAX_ARG_STRLEN of execve(2)). */
const VARIABLE_LENGTH_MAX = 32_768

export function occasionJson({ incident, target, policy, attempt }: Occasion): string {
  const { id, alertname, severity, labels, annotations, startedAt, fingerprint } = incident
  return JSON.stringify({
    incident: id,
    policy,
    attempt,
    target,
    alert: { alertname, severity, labels, annotations, startsAt: startedAt, fingerprint },
  })
}

/** PROCWARDEN_* variables. Values are strangers' texts: they are data in an environment, never part of a command. */
export function occasionEnvironment(occasion: Occasion): Record<string, string> {
  const { incident, target, policy, attempt } = occasion
  const json = occasionJson(occasion)
  const variables: Record<string, string> = {
    PROCWARDEN_INCIDENT: incident.id,
    PROCWARDEN_ALERTNAME: incident.alertname,
    PROCWARDEN_SEVERITY: incident.severity,
    PROCWARDEN_POLICY: policy,
    PROCWARDEN_ATTEMPT: String(attempt),
    ...(target === null ? {} : { PROCWARDEN_GROUP: target.group }),
    ...(target?.kind === 'process' ? { PROCWARDEN_PID: String(target.pid) } : {}),
    // Half of a JSON text is none: what is too long is on standard input alone.
    ...(Buffer.byteLength(json) <= VARIABLE_LENGTH_MAX ? { PROCWARDEN_ALERT: json } : {}),
  }
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, value.replaceAll('\0', '').slice(0, VARIABLE_LENGTH_MAX)]),
  )
}
