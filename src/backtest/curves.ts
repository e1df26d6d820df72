/** Owns what a plot draws beside the firings: the level, what is normal for it, and the limit above which it is not. */
import type { Rule } from '../rules/rule-files.ts'
import type { Curve, Sample } from './replay.ts'
import { LEVEL } from './series.ts'

/** One level with its band, over time. */
export interface LevelPlot extends Readonly<Record<CurveName, readonly Sample[]>> {
  /** Such as `cpu of postgres`. */
  readonly title: string
  readonly labels: Readonly<Record<string, string>>
}

type CurveName = 'level' | 'baseline' | 'limit' | 'lower' | 'upper'

const CURVES: Readonly<Record<CurveName, string>> = {
  level: LEVEL,
  baseline: 'procwarden:signal:baseline',
  limit: 'procwarden:signal:limit',
  lower: 'procwarden:signal:lower',
  upper: 'procwarden:signal:upper',
}
const NAMES: readonly CurveName[] = ['level', 'baseline', 'limit', 'lower', 'upper']

/** What to ask a replay for; what the rules do not record cannot be drawn. */
export function curveExprs(rules: readonly Rule[]): string[] {
  return [...new Set([LEVEL, ...rules.map(({ name }) => name).filter((name) => Object.values(CURVES).includes(name))])]
}

/** The curves of a replay, those of one series together. */
export function levelPlots(curves: readonly Curve[]): LevelPlot[] {
  const plots = new Map<string, LevelPlot>()
  for (const { expr, labels: all, points } of curves) {
    const { __name__: _name, ...labels } = all
    const key = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    const name = NAMES.find((each) => CURVES[each] === expr)
    const plot = plots.get(key) ?? { title: titleOf(labels), labels, level: [], baseline: [], limit: [], lower: [], upper: [] }
    if (name !== undefined) plots.set(key, { ...plot, [name]: points })
  }
  return [...plots.values()].filter(({ level }) => level.length > 0)
}

/** The plot from a moment on: what came before was only learned from. */
export function cropped(plot: LevelPlot, from: number): LevelPlot {
  const after = (samples: readonly Sample[]): Sample[] => samples.filter(([at]) => at >= from)
  return {
    ...plot,
    level: after(plot.level),
    baseline: after(plot.baseline),
    limit: after(plot.limit),
    lower: after(plot.lower),
    upper: after(plot.upper),
  }
}

function titleOf({ signal = 'level', group, probe, device, instance }: Readonly<Record<string, string>>): string {
  const subject = group ?? probe ?? device
  return [signal, subject === undefined ? '' : `of ${subject}`, instance === undefined || instance === 'csv' ? '' : `on ${instance}`]
    .filter((part) => part !== '')
    .join(' ')
}
