/** Owns the words of a mail about an incident: what happened, how far from normal, what was or will be done, how to stop it. */
import { aboutOf } from '../people-view.ts'
import type { Ending } from '../stage.ts'
import { nameOf, type Incident, type Outcome } from '../model.ts'
import type { Approval } from '../store/approvals.ts'
import { subjectLine, type Choice, type Letter } from './letter.ts'

export interface MailOrigin {
  readonly hostname: string
  /** Where people find the console. */
  readonly consoleUrl: string
}

/** A question, and where it can be answered from the mail itself. */
export interface Question {
  readonly approval: Approval
  readonly links: { readonly approve: string; readonly deny: string } | undefined
}

export function incidentLetter(incident: Incident, ending: Ending, origin: MailOrigin, question?: Question): Letter {
  const headline = `${headlineOf(ending, incident.action)}: ${aboutOf(incident)}`
  return {
    subject: subjectLine(`[procwarden ${origin.hostname}] ${headline} - ${incident.alertname}`),
    headline,
    tone: toneOf(ending),
    sentences: [ending.text, descriptionOf(incident), ...(question ? questionSentences(question.approval) : [])],
    facts: factsOf(incident, origin, ending.reason),
    choices: choicesOf(incident, ending, question),
    footer: footerOf(incident, origin),
  }
}

/** What a digest says of it. */
export function incidentLine(incident: Incident, ending: Ending, nowMs: number): string {
  const at = new Date(nowMs).toISOString().slice(0, 16).replace('T', ' ')
  return `${at} ${headlineOf(ending, incident.action)}: ${aboutOf(incident)} - ${incident.alertname}. Incident ${incident.id}`
}

export function descriptionOf({ annotations, alertname }: Pick<Incident, 'annotations' | 'alertname'>): string {
  return annotations['description'] ?? annotations['summary'] ?? `${alertname} fires.`
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

function headlineOf(ending: Ending, action: Incident['action']): string {
  if (ending.outcome === 'observed' && action === 'kill') return 'would stop'
  if (ending.outcome === 'failed' && action === 'kill') return 'FAILED to stop'
  if (ending.outcome === 'failed' && action === 'restart') return 'FAILED to restart'
  const done = ending.outcome === null ? undefined : HEADLINES[ending.outcome]
  if (done !== undefined) return done
  if (ending.status === 'awaiting_approval') return 'asks you'
  return ending.reason === 'cooldown' ? 'cooling down' : 'not acted upon'
}

function toneOf({ outcome, status }: Ending): Letter['tone'] {
  if (status === 'awaiting_approval') return 'ask'
  if (outcome === 'failed' || outcome === 'unknown') return 'bad'
  return outcome === 'observed' || outcome === 'notified' || outcome === 'refused' ? 'calm' : 'good'
}

function questionSentences({ target, frozen, expiresAtMs, onExpiry }: Approval): string[] {
  const until = new Date(expiresAtMs).toISOString().slice(0, 16).replace('T', ' ')
  const meanwhile = frozen > 0 ? [`${target} is frozen meanwhile: it does nothing and loses nothing.`] : [`${target} runs on meanwhile.`]
  const then = {
    deny: frozen > 0 ? 'nothing is done and it goes on' : 'nothing is done',
    approve: 'it is done all the same, as the policy says',
    'leave-frozen': 'nothing is done, and what is frozen stays so',
  }[onExpiry]
  return [...meanwhile, `Answer until ${until} UTC. Without an answer ${then}.`]
}

export function factsOf(incident: Incident, { hostname }: MailOrigin, reason: string): Array<readonly [string, string]> {
  const { target } = incident
  return [
    ...figures(incident),
    ['Alert', `${incident.alertname} (${incident.severity}), since ${incident.startedAt}`],
    ...(target ? ([['Program', `${nameOf(target)}${target.kind === 'process' ? `, started ${target.startTime}` : ''}`]] as const) : []),
    ['Host', hostname],
    ['Mode', `${incident.mode ?? 'none'}; policy ${incident.policy ?? 'none'}; reason ${reason}`],
    ['Incident', incident.id],
  ]
}

function figures({ annotations }: Incident): Array<readonly [string, string]> {
  const { current, baseline, threshold, unit = '' } = annotations
  if (current === undefined) return []
  const figure = (value: string): string => `${value} ${unit}`.trimEnd()
  return [
    ['Now', figure(current)],
    ...(baseline === undefined || baseline === '' ? [] : ([['Normal', figure(baseline)]] as const)),
    ...(threshold === undefined ? [] : ([['Threshold', figure(threshold)]] as const)),
  ]
}

function choicesOf({ id }: Incident, ending: Ending, question: Question | undefined): Choice[] {
  if (ending.status === 'awaiting_approval')
    return [
      { label: 'To let it happen', command: `procwarden approve ${id}`, ...(question?.links ? { url: question.links.approve } : {}) },
      { label: 'To leave it alone', command: `procwarden deny ${id}`, ...(question?.links ? { url: question.links.deny } : {}) },
    ]
  if (ending.reason === 'mode_observe')
    return [
      { label: 'To have such programs stopped, after a question or by itself', command: 'procwarden up --mode confirm (or --mode auto)' },
    ]
  if (ending.outcome === 'frozen' || ending.outcome === 'quarantined')
    return [{ label: 'To undo it', command: `procwarden rollback ${id}` }, STOP]
  return ending.decision === 'act' || ending.status === 'deferred' ? [STOP] : []
}

const STOP: Choice = { label: 'To keep procwarden from doing anything more', command: 'procwarden pause' }

export function footerOf({ id, annotations }: Incident, { consoleUrl }: MailOrigin): Choice[] {
  const runbook = annotations['runbook_url']
  return [
    { label: 'The whole story', command: `procwarden show ${id}` },
    ...(runbook !== undefined && isWebAddress(runbook) ? [{ label: 'Runbook', url: runbook }] : []),
    { label: 'All incidents', url: consoleUrl },
  ]
}

/** An annotation is anybody's text: `javascript:` must not become a link. */
function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}
