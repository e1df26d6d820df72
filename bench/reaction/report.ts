/** Owns the table that `npm run bench:reaction` prints, and the judgement against the targets. Never measures. */
import { quantile } from '../lib/statistics.ts'
import { formatTable, type Verdict, formatVerdicts } from '../lib/table.ts'
import type { Reaction } from './measure.ts'

const PARTS = [
  ['scrape', (reaction: Reaction) => reaction.scrapeMs],
  ['rule', (reaction: Reaction) => reaction.ruleMs],
  ['Alertmanager', (reaction: Reaction) => reaction.alertmanagerMs],
  ['remediator', (reaction: Reaction) => reaction.remediatorMs],
  ['together', (reaction: Reaction) => reaction.totalMs],
] as const

export function verdicts(reactions: readonly Reaction[]): Verdict[] {
  return [
    { target: 'reaction, 95 % of the runs', measured: share(reactions, 'totalMs', 0.95) / 1000, limit: 15, unit: ' s' },
    { target: "the remediator's own share, 95 % of the runs", measured: share(reactions, 'remediatorMs', 0.95), limit: 200, unit: ' ms' },
  ]
}

/** Where the time goes, then the verdicts. */
export function formatReactions(reactions: readonly Reaction[]): string {
  const rows = PARTS.map(([name, valueOf]) => {
    const values = reactions.map(valueOf)
    return [name, ...[quantile(values, 0.5), quantile(values, 0.95), Math.max(...values)].map((value) => value.toFixed(0))]
  })
  const table = formatTable([[`ms, ${reactions.length} runs`, 'p50', 'p95', 'max'], ...rows])
  return `${table}\n\n${formatVerdicts(verdicts(reactions))}`
}

function share(reactions: readonly Reaction[], part: 'totalMs' | 'remediatorMs', of: number): number {
  return quantile(
    reactions.map((reaction) => reaction[part]),
    of,
  )
}
