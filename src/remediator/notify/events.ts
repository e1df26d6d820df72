/** Owns what people are told about: the events that can be switched off and routed, and which of them an ending is. */
import type { Incident } from '../model.ts'
import type { Ending } from '../stage.ts'

export const EVENTS = [
  'crash',
  'restart',
  'restart_failed',
  'cpu_violation',
  'memory_violation',
  'violation',
  'anomaly',
  'cooldown',
  'approval',
  'human_alert',
  'recovered',
] as const
/** violation: of any other limit. approval: a person is asked. human_alert: nothing helped, and a person has to look. */
export type EventName = (typeof EVENTS)[number]

/** Programs that end when they should not, or are not there when they should be. */
const CRASHES: ReadonlySet<string> = new Set(['ServiceDown', 'CrashLoop', 'RapidCrashes'])

/** What the alert itself is, whatever became of it. */
export function causeOf({ alertname, labels }: Pick<Incident, 'alertname' | 'labels'>): EventName {
  if (CRASHES.has(alertname)) return 'crash'
  if (labels['kind'] !== 'limit') return 'anomaly'
  const { signal = '' } = labels
  if (signal === 'cpu' || /cpu/i.test(alertname)) return 'cpu_violation'
  if (signal === 'memory' || /memory/i.test(alertname)) return 'memory_violation'
  return 'violation'
}

/** What an ending is about; empty when nobody needs to be told. A mail is sent when one of them is switched on. */
export function eventsOf(incident: Incident, ending: Ending): readonly EventName[] {
  if (!isWorthTelling(ending)) return []
  if (ending.status === 'awaiting_approval') return ['approval']
  if (ending.reason === 'cooldown') return ['cooldown']
  const cause = causeOf(incident)
  const action = ending.action ?? incident.action
  if (ending.outcome === 'restarted') return [cause, 'restart']
  if (ending.outcome === 'failed' && action === 'restart') return [cause, 'restart_failed']
  return [cause]
}

/** Other hosts' alerts, resolved ones, postponed ones and targets that ended by themselves are in the record, not in the mailbox. */
function isWorthTelling(ending: Ending): boolean {
  if (ending.reason === 'not_this_host' || ending.reason === 'resolved') return false
  if (ending.status === 'deferred') return ending.reason === 'cooldown' || ending.event === 'attempt.failed'
  return ending.outcome !== 'target_gone'
}
