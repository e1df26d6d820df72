/** Owns the tables that `npm run bench:rules` prints, and the judgement against the targets. Never measures. */
import { figure, formatTable, formatVerdicts, type Verdict } from '../lib/table.ts'
import type { GroupCost } from './measure.ts'

export interface SizeResult {
  readonly groups: number
  readonly shipped: readonly GroupCost[]
  readonly robust: readonly GroupCost[]
}

const JUDGED_GROUPS = 200
const RULES_SHOWN = 12

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
    ({ groups, shipped, robust }) =>
      `${groups} groups x 7 signals\n${formatTable([
        ['', 'every', 'median ms', 'ms/min', 'least ms/min'],
        ...shipped.toSorted((a, b) => b.msPerMinute - a.msPerMinute).map(groupRow),
        ['all shipped groups', '', '', figure(sum(shipped)), figure(leastSum(shipped))],
        ...robust.map(groupRow),
        ['all robust groups', '', '', figure(sum(robust)), figure(leastSum(robust))],
        ['shipped against robust', '', '', `${figure(sum(shipped) / sum(robust))}x`, `${figure(leastSum(shipped) / leastSum(robust))}x`],
      ])}\n\nthe dearest of the shipped rules\n${formatTable([['', 'median ms', 'ms/min'], ...dearest(shipped)])}`,
  )
  return [...parts, formatVerdicts(verdicts(results))].join('\n\n')
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
