/** Owns the tables that `npm run bench:rules` prints, and the judgement against the targets. Never measures. */
import { figure, formatTable, formatVerdicts, type Verdict } from '../lib/table.ts'
import type { GroupCost } from './measure.ts'
import { DIRECTORIES, PROCESSES } from './population.ts'

export interface SizeResult {
  readonly groups: number
  readonly shipped: readonly GroupCost[]
  readonly robust: readonly GroupCost[]
  /** The shipped rules where the exporter publishes single processes and folders as well. */
  readonly onMachine: readonly GroupCost[]
}

const JUDGED_GROUPS = 200
const RULES_SHOWN = 12
const HEAD = ['', 'every', 'median ms', 'ms/min', 'least ms/min']

export function verdicts(results: readonly SizeResult[]): Verdict[] {
  const judged = results.find(({ groups }) => groups === JUDGED_GROUPS)
  const shipped = judged && sum(judged.shipped)
  return [
    { target: `all groups together, ${JUDGED_GROUPS} groups x 7 signals`, measured: shipped, limit: 300, unit: ' ms/min' },
    {
      target: 'against the robust set',
      measured: judged && shipped !== undefined ? shipped / sum(judged.robust) : undefined,
      limit: 1 / 3,
      unit: 'x',
    },
  ]
}

export function formatSizes(results: readonly SizeResult[]): string {
  const parts = results.map(
    ({ groups, shipped, robust, onMachine }) =>
      `${groups} groups x 7 signals\n${formatTable([
        HEAD,
        ...costRows(shipped, 'all shipped groups'),
        ...robust.map(groupRow),
        sumRow(robust, 'all robust groups'),
        ['shipped against robust', '', '', `${figure(sum(shipped) / sum(robust))}x`, `${figure(leastSum(shipped) / leastSum(robust))}x`],
      ])}\n\nthe dearest of them\n${formatTable([['', 'median ms', 'ms/min'], ...dearest(shipped)])}

${PROCESSES} processes and ${DIRECTORIES} folders as well\n${formatTable([HEAD, ...costRows(onMachine, 'all shipped groups')])}`,
  )
  return [...parts, formatVerdicts(verdicts(results))].join('\n\n')
}

function costRows(groups: readonly GroupCost[], title: string): string[][] {
  return [...groups.toSorted((a, b) => b.msPerMinute - a.msPerMinute).map(groupRow), sumRow(groups, title)]
}

function sumRow(groups: readonly GroupCost[], title: string): string[] {
  return [title, '', '', figure(sum(groups)), figure(leastSum(groups))]
}

function groupRow(group: GroupCost): string[] {
  return [group.name, `${group.intervalSeconds}s`, figure(group.medianMs), figure(group.msPerMinute), figure(group.leastMsPerMinute)]
}

function dearest(groups: readonly GroupCost[]): string[][] {
  return groups
    .flatMap((group) =>
      group.rules.map((rule) => ({
        name: `${rule.name}${rule.labels['signal'] === undefined ? '' : ` (${rule.labels['signal']})`}`,
        medianMs: rule.medianMs,
        msPerMinute: (rule.medianMs * 60) / group.intervalSeconds,
      })),
    )
    .toSorted((a, b) => b.msPerMinute - a.msPerMinute)
    .slice(0, RULES_SHOWN)
    .map(({ name, medianMs, msPerMinute }) => [name, figure(medianMs), figure(msPerMinute)])
}

function sum(groups: readonly GroupCost[]): number {
  return groups.reduce((total, { msPerMinute }) => total + msPerMinute, 0)
}

function leastSum(groups: readonly GroupCost[]): number {
  return groups.reduce((total, { leastMsPerMinute }) => total + leastMsPerMinute, 0)
}
