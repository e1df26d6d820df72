/** Owns `procwarden show ID`: one incident whole, with its figures, its timeline and what was kept. Reads the store, also while no loop runs. */
import { Command, Option } from 'commander'
import { UsageError } from '../lib/errors.ts'
import { printable } from '../lib/log.ts'
import { diagnosisText } from '../remediator/diagnosis/diagnosis-text.ts'
import { viewWholeIncident, type WholeIncident } from '../remediator/incident-view.ts'
import { getIncident } from '../remediator/store/incidents/get-incident.ts'
import { findIncidentIds } from '../remediator/store/incidents/find-incident-ids.ts'
import { adviceFacts } from './advise.ts'
import { subjectOf } from './incidents.ts'
import { stateDirOption } from './options.ts'
import { readStore } from './read-store.ts'
import { pairs, terminalWidth, wrap } from './table.ts'

interface Flags {
  readonly 'state.dir': string
  readonly json?: boolean
}

const INDENT = '    '
const SUGGESTED_MAX = 5

export function showCommand(): Command {
  return new Command('show')
    .description('show one incident with its evidence, its timeline and what was kept')
    .argument('<id>', 'the incident, as procwarden incidents shows it; the beginning of its id is enough')
    .addOption(stateDirOption())
    .addOption(new Option('--json', 'every field as JSON'))
    .action((id: string, flags: Flags) => {
      const incident = readStore(flags['state.dir'], (database) => {
        const ids = findIncidentIds(database, id, SUGGESTED_MAX)
        const [only] = ids
        if (only === undefined) throw new UsageError(`there is no incident ${id}: procwarden incidents lists them`)
        if (ids.length > 1) throw new UsageError(`${id} is the beginning of several incidents: ${ids.join(', ')}`)
        const found = getIncident(database, only)
        return found && viewWholeIncident(database, found)
      })
      if (incident) process.stdout.write(flags.json === true ? `${JSON.stringify(incident, null, 2)}\n` : page(incident, terminalWidth()))
    })
}

function page(incident: WholeIncident, width: number): string {
  return [
    pairs([['Incident', incident.id], ...facts(incident), ...figures(incident)], width),
    section('Diagnosis', diagnosis(incident, width)),
    section('Similar incidents', similar(incident, width)),
    section('Timeline', timeline(incident, width)),
    section('Questions', questions(incident, width)),
    section('Kept', kept(incident, width)),
    ...incident.advice.map((each) => section('Advisor', pairs(adviceFacts(each), width).trimEnd().split('\n'))),
    section('What you can do', advice(incident)),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function facts(incident: WholeIncident): Array<readonly [string, string]> {
  const { target } = incident
  return [
    ['Alert', `${incident.alertname} (${incident.severity}), since ${incident.startedAt}`],
    ['About', subjectOf(incident)],
    [
      'Status',
      [incident.status, incident.outcome, incident.reason === 'none' ? null : incident.reason].filter((word) => word !== null).join(', '),
    ],
    ['Summary', incident.summary ?? 'In work.'],
    ...(incident.policy === null ? [] : ([['Policy', `${incident.policy}, mode ${incident.mode ?? 'none'}`]] as const)),
    ...(target ? ([['Evidence', target.evidence]] as const) : []),
    ...(incident.approvedBy === null ? [] : ([['Approved by', incident.approvedBy]] as const)),
    ...(incident.resolvedAt === null ? [] : ([['Resolved', incident.resolvedAt]] as const)),
  ]
}

function figures({ annotations }: WholeIncident): Array<readonly [string, string]> {
  const unit = annotations['unit'] ?? ''
  const names = { current: 'Then', baseline: 'Normal', threshold: 'Threshold' }
  return [
    ...Object.entries(names).flatMap(([key, name]) => {
      const value = annotations[key]
      return value === undefined || value === '' ? [] : [[name, `${value} ${unit}`.trim()] as const]
    }),
    ...(annotations['description'] === undefined ? [] : [['In words', annotations['description']] as const]),
    ...(annotations['runbook_url'] === undefined ? [] : [['Runbook', annotations['runbook_url']] as const]),
  ]
}

function diagnosis({ diagnosis: found }: WholeIncident, width: number): string[] {
  const [headline = '', explanation = '', ...evidence] = diagnosisText(found ?? undefined)
  if (headline === '') return []
  const indented = (text: string): string[] => wrap(printable(text), width - INDENT.length).map((line) => `${INDENT}${line}`)
  return [...wrap(printable(headline.replace(/^Diagnosis: /, '')), width), ...indented(explanation), ...evidence.flatMap(indented)]
}

function similar({ similar: others }: WholeIncident, width: number): string[] {
  return others.flatMap(({ id, receivedAt, program, alertname, action, outcome, held, because }) => {
    const done = outcome === null ? 'nothing was done' : `${action ?? 'nothing'}: ${outcome}`
    const after = held === null ? '' : held ? ', and it held' : ', and it came back or did not help'
    return [
      ...wrap(printable(`${receivedAt.slice(0, 19).replace('T', ' ')}  ${program ?? alertname}  ${done}${after}`), width),
      ...wrap(printable(`${because.join('; ')}. Incident ${id}`), width - INDENT.length).map((line) => `${INDENT}${line}`),
    ]
  })
}

function timeline({ timeline: entries }: WholeIncident, width: number): string[] {
  return entries.flatMap(({ at, event, text }) => [
    `${at.replace('T', ' ')}  ${printable(event)}`,
    ...wrap(printable(text), width - INDENT.length).map((line) => `${INDENT}${line}`),
  ])
}

function questions({ approvals }: WholeIncident, width: number): string[] {
  return approvals.flatMap(({ askedAt, action, target, why, frozen, expiresAt, answer, answeredBy, answeredAt, answeredHow }) => {
    const meanwhile = frozen > 0 ? ' It is frozen meanwhile.' : ''
    const became =
      answer === null
        ? `Open until ${expiresAt}.${meanwhile}`
        : `${{ approve: 'Approved', deny: 'Denied', expired: 'Expired', void: 'Not asked any more' }[answer]} at ${answeredAt ?? ''}${answeredBy === null ? '' : ` by ${answeredBy} (${answeredHow ?? ''})`}.`
    return wrap(printable(`${askedAt}: ${action} ${target}? Asked because ${why}. ${became}`), width)
  })
}

function kept({ snapshots, quarantines, holds, escalations }: WholeIncident, width: number): string[] {
  const sentences = [
    ...snapshots.map(({ at, directory, bytes }) => `Snapshot of ${at}: ${bytes} bytes in ${directory}`),
    ...quarantines.map(({ files, restored, status, directory, expiresAtMs }) => {
      const until = new Date(expiresAtMs).toISOString()
      return `Quarantine (${status}): ${files} files in ${directory}, ${restored} of them put back, kept until ${until}`
    }),
    ...holds.map(({ group, pid, at }) => `Stopped (SIGSTOP) since ${at}: ${group} (pid ${pid})`),
    ...escalations.map(
      ({ level, at, text, closedAt, closedBy }) =>
        `Handed to the ${level} at ${at}${closedAt === null ? '' : `, acknowledged by ${closedBy ?? 'somebody'} at ${closedAt}`}: ${text}`,
    ),
  ]
  return sentences.flatMap((sentence) => wrap(printable(sentence), width))
}

function advice({ id, status, quarantines, holds, escalations }: WholeIncident): string[] {
  if (status === 'awaiting_approval') return [`procwarden approve ${id}`, `procwarden deny ${id}`]
  const isCalled = escalations.some(({ level, closedAt }) => level === 'person' && closedAt === null)
  const canUndo = holds.length > 0 || quarantines.some((quarantine) => quarantine.status === 'open')
  return [...(isCalled ? [`procwarden acknowledge ${id}`] : []), ...(canUndo ? [`procwarden rollback ${id}`] : [])]
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}\n${lines.map((line) => `${line}\n`).join('')}`
}
