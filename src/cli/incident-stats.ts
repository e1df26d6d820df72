/** Owns what `procwarden incidents --stats` prints: detected, healed, prevented and escalated, by day, week or month. */
import { successReport, type Period, type SuccessFigures, type SuccessReport } from '../remediator/audit/success.ts'
import { auditEntriesAfter } from '../remediator/store/audit/audit-entries-after.ts'
import { readStore } from './read-store.ts'
import { paragraph, table, terminalWidth } from './table.ts'

const COLUMNS: ReadonlyArray<keyof SuccessFigures> = ['detected', 'attempted', 'healed', 'prevented', 'advised', 'escalated']
const HOW = [
  'Each incident is counted once, in the period in which it was detected.',
  'attempted: an action was tried. healed: the fault was gone after it, which was verified. prevented: of the healed, those seen by',
  'an early sign (an anomaly or a synthetic check) before a limit was broken. advised: the advisor was asked. escalated: a person was called.',
].join(' ')

export function printIncidentStats(stateDir: string, by: Period, asJson: boolean): void {
  const report = readStore(stateDir, (database) => successReport(auditEntriesAfter(database, 0), by))
  process.stdout.write(asJson ? `${JSON.stringify(report, null, 2)}\n` : page(report, terminalWidth()))
}

function page(report: SuccessReport, width: number): string {
  if (report.detected === 0) return 'No incidents.\n'
  const row = (name: string, figures: SuccessFigures & { readonly healedRatio: number | null }): string[] => [
    name,
    ...COLUMNS.map((column) => String(figures[column])),
    figures.healedRatio === null ? '-' : `${(figures.healedRatio * 100).toFixed(0)} %`,
  ]
  const header = [`${report.by.toUpperCase()} OF`, ...COLUMNS.map((column) => column.toUpperCase()), 'HEALED OF ATTEMPTED']
  const rows = [...report.periods.map((period) => row(period.from, period)), row('all', report)]
  return `${table(header, rows, width)}${paragraph(HOW, Math.min(width, 120)).join('\n')}\n`
}
