/** Owns `procwarden incidents`: what happened, as a table that fits the terminal or as JSON. Reads the store, also while no loop runs. */
import { Command, Option } from 'commander'
import { printable } from '../lib/log.ts'
import { PERIODS, type Period } from '../remediator/audit/success.ts'
import { viewIncident, viewIncidents, type IncidentView } from '../remediator/incident-view.ts'
import { OUTCOMES, STATUSES, nameOf } from '../remediator/model.ts'
import type { Database } from '../remediator/store/database.ts'
import { listHumanAlerts } from '../remediator/store/escalations/list-human-alerts.ts'
import { getIncident } from '../remediator/store/incidents/get-incident.ts'
import { printIncidentStats } from './incident-stats.ts'
import { parseMoment, parsePositiveInteger, stateDirOption } from './options.ts'
import { readStore } from './read-store.ts'
import { table, terminalWidth, wrap } from './table.ts'

interface Flags {
  readonly 'state.dir': string
  readonly json?: boolean
  readonly limit: number
  readonly status?: string[]
  readonly outcome?: string[]
  readonly alert?: string
  readonly policy?: string
  readonly group?: string
  readonly since?: string
  readonly until?: string
  readonly called?: boolean
  readonly stats?: boolean
  readonly by: Period
}

const INDENT = '    '

export function incidentsCommand(): Command {
  return new Command('incidents')
    .description('list what was noticed and what was done about it, newest first')
    .addOption(stateDirOption())
    .addOption(new Option('--json', 'an array with every field and the timeline'))
    .addOption(new Option('--limit <n>', 'at most this many').argParser(parsePositiveInteger).default(100))
    .addOption(new Option('--status <status...>', 'only in one of these').choices(STATUSES))
    .addOption(new Option('--outcome <outcome...>', 'only with one of these').choices(OUTCOMES))
    .addOption(new Option('--alert <name>', 'only of this alert'))
    .addOption(new Option('--policy <name>', 'only of this policy'))
    .addOption(new Option('--group <program>', 'only about this program'))
    .addOption(new Option('--since <when>', 'received since: 90m, 2h, 7d, or 2026-01-31T12:00:00Z').argParser(parseMoment))
    .addOption(new Option('--until <when>', 'received before').argParser(parseMoment))
    .addOption(new Option('--called', 'only those that a person is called for and nobody has acknowledged'))
    .addOption(new Option('--stats', 'figures instead of incidents: detected, healed, prevented, escalated'))
    .addOption(new Option('--by <period>', 'with --stats').choices(PERIODS).default('week'))
    .action((flags: Flags) => {
      if (flags.stats === true) return printIncidentStats(flags['state.dir'], flags.by, flags.json === true)
      const { status, outcome, alert: alertname, policy, group, since, until } = flags
      const filter = { status, outcome, alertname, policy, group, since, until }
      const incidents = readStore(flags['state.dir'], (database) =>
        flags.called === true ? viewCalled(database, flags.limit) : viewIncidents(database, flags.limit, filter),
      )
      process.stdout.write(flags.json === true ? `${JSON.stringify(incidents, null, 2)}\n` : page(incidents, terminalWidth()))
    })
}

/** The oldest call first: it has waited the longest. */
function viewCalled(database: Database, limit: number): IncidentView[] {
  const ids = [...new Set(listHumanAlerts(database).map(({ incident }) => incident))].slice(0, limit)
  return ids.flatMap((id) => {
    const incident = getIncident(database, id)
    return incident ? [viewIncident(database, incident)] : []
  })
}

/** A line of facts for each incident; below it what happened, wrapped to the terminal, and the id that other commands take. */
function page(incidents: readonly IncidentView[], width: number): string {
  if (incidents.length === 0) return 'No incidents.\n'
  const header = ['STARTED (UTC)', 'OUTCOME', 'PROGRAM', 'ALERT']
  const rows = incidents.map((incident) => [
    incident.startedAt.slice(0, 19).replace('T', ' '),
    incident.outcome ?? incident.status,
    subjectOf(incident),
    incident.alertname,
  ])
  const [title = '', ...lines] = table(header, rows, width).trimEnd().split('\n')
  const body = lines.flatMap((line, index) => {
    const incident = incidents[index]
    if (!incident) return []
    const summary = wrap(printable(incident.summary ?? 'In work.'), width - INDENT.length).map((text) => `${INDENT}${text}`)
    return [line, ...summary, `${INDENT}Incident ${incident.id}`]
  })
  return `${[title, ...body].join('\n')}\n`
}

export function subjectOf({ target, labels }: Pick<IncidentView, 'target' | 'labels'>): string {
  return target ? nameOf(target) : (labels['group'] ?? labels['directory'] ?? '-')
}
