/** Owns what a replay is fed and how it becomes promtool's input. Pure: never reads a file and never runs anything. */

/** Unix seconds and the value at that time. */
export type Sample = readonly [timestampSeconds: number, value: number]

export interface ReplaySeries {
  /** The metric's name; left out, it is a level that the signal rules would have recorded. */
  readonly name?: string
  /** Recorded as the label `signal`; left out where the metric has no such label. */
  readonly signal?: string
  readonly labels: Readonly<Record<string, string>>
  /** In order of time. */
  readonly samples: readonly Sample[]
}

export interface Grid {
  /** Unix seconds of the first point. */
  readonly from: number
  /** Unix seconds that no point is later than. */
  readonly to: number
  /** Seconds from point to point. */
  readonly spacing: number
  /** A sample stands for its value for less than this many seconds. */
  readonly hold: number
}

export const LEVEL = 'procwarden:signal:level'

/** The selector of one series, with every label value quoted as PromQL wants it. */
export function selectorOf({ name = LEVEL, signal, labels }: Pick<ReplaySeries, 'name' | 'signal' | 'labels'>): string {
  const all = { ...(signal === undefined ? {} : { signal }), ...labels }
  const pairs = Object.entries(all).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return `${name}{${pairs.join(',')}}`
}

/**
 * The samples on a regular grid, in promtool's notation: `7x9` is ten times 7, `_x9` ten missing points. A point takes the
 * latest sample at or before it that is younger than `hold`. Points in time (names ending in `_time_seconds`) are moved
 * along with the clock, which begins at 0 there.
 */
export function gridValues(series: ReplaySeries, grid: Grid): string {
  const shift = (series.name ?? LEVEL).endsWith('_time_seconds') ? grid.from : 0
  const runs: Array<{ text: string; count: number }> = []
  let next = 0
  for (let at = grid.from; at <= grid.to; at += grid.spacing) {
    while ((series.samples[next]?.[0] ?? Infinity) <= at) next += 1
    const sample = series.samples[next - 1]
    const text = sample !== undefined && at - sample[0] < grid.hold ? numberText(sample[1] - shift) : '_'
    const run = runs.at(-1)
    if (run?.text === text) run.count += 1
    else runs.push({ text, count: 1 })
  }
  return runs.map(({ text, count }) => repeated(text, count)).join(' ')
}

/** promtool repeats numbers alone: NaN and Inf have to be written out. */
function repeated(text: string, count: number): string {
  if (text === '_') return `_x${count}`
  if (/[A-Z]/.test(text)) return Array.from({ length: count }, () => text).join(' ')
  return count === 1 ? text : `${text}x${count - 1}`
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Inf' : '-Inf'
  return String(value)
}
