/** Owns `procwarden audit stats`: how much was detected, healed, refused and escalated, in all and by week. */
import { Command, Option } from 'commander'
import { auditStats, type AuditStats, type Figures } from '../remediator/audit/stats.ts'
import { auditEntriesAfter } from '../remediator/store/audit/audit-entries-after.ts'
import { stateDirOption } from './options.ts'
import { readStore } from './read-store.ts'
import { pairs, table } from './table.ts'

interface Flags {
  readonly 'state.dir': string
  readonly json?: boolean
}

const FIGURES: ReadonlyArray<keyof Figures> = ['detected', 'attempted', 'healed', 'failed', 'observed', 'refused', 'escalated', 'cancelled']
const REASONS_SHOWN = 8

export function auditStatsCommand(): Command {
  return new Command('stats')
    .description('figures of the audit trail: detected, healed, refused, escalated, by week')
    .addOption(stateDirOption())
    .addOption(new Option('--json', 'the figures as JSON'))
    .action((flags: Flags) => {
      const stats = readStore(flags['state.dir'], (database) => auditStats(auditEntriesAfter(database, 0)))
      process.stdout.write(flags.json === true ? `${JSON.stringify(stats, null, 2)}\n` : page(stats))
    })
}

function page(stats: AuditStats): string {
  if (stats.entries === 0) return 'The audit trail is empty.\n'
  const reasons = Object.entries(stats.refusedBy)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, REASONS_SHOWN)
    .map(([reason, count]) => `${reason} ${count}`)
  const facts = pairs([
    ['Entries', `${stats.entries}, from ${stats.firstAt ?? ''} to ${stats.lastAt ?? ''}`],
    [
      'Success',
      stats.successRatio === null ? 'nothing was tried yet' : `${(stats.successRatio * 100).toFixed(1)} % of what was tried healed`,
    ],
    ...(reasons.length === 0 ? [] : ([['Refused by', reasons.join(', ')]] as const)),
  ])
  const rows = [...stats.weeks.map((week) => [week.monday, ...figures(week)]), ['all', ...figures(stats)]]
  return `${facts}\n${table(['WEEK OF', ...FIGURES.map((name) => name.slice(0, 9).toUpperCase())], rows)}`
}

function figures(of: Figures): string[] {
  return FIGURES.map((name) => String(of[name]))
}
