/** Owns what can be read off a curve: rates of counters, lowest values, straight lines, jumps. Pure; judges nothing. */

/** Unix seconds and the value then, in order of time. */
export type Curve = ReadonlyArray<readonly [atSeconds: number, value: number]>

export interface Line {
  /** Per second. */
  readonly slope: number
  /** Share of the variance that the line explains, 0 to 1. */
  readonly straightness: number
}

export function within(curve: Curve, fromSeconds: number, toSeconds = Infinity): Curve {
  return curve.filter(([at]) => at >= fromSeconds && at <= toSeconds)
}

export function lastOf(curve: Curve): number | undefined {
  return curve.at(-1)?.[1]
}

export function firstOf(curve: Curve): number | undefined {
  return curve[0]?.[1]
}

export function lowest(curve: Curve): number | undefined {
  return curve.length === 0 ? undefined : curve.reduce((least, [, value]) => Math.min(least, value), Infinity)
}

export function highest(curve: Curve): number | undefined {
  return curve.length === 0 ? undefined : curve.reduce((most, [, value]) => Math.max(most, value), -Infinity)
}

export function mean(curve: Curve): number | undefined {
  return curve.length === 0 ? undefined : curve.reduce((sum, [, value]) => sum + value, 0) / curve.length
}

/** Standard deviation by the mean. */
export function unevenness(curve: Curve): number | undefined {
  const average = mean(curve)
  if (average === undefined || average === 0 || curve.length < 2) return undefined
  const variance = curve.reduce((sum, [, value]) => sum + (value - average) ** 2, 0) / curve.length
  return Math.sqrt(variance) / Math.abs(average)
}

/** From the first sample to the last. */
export function spanSeconds(curve: Curve): number {
  return (curve.at(-1)?.[0] ?? 0) - (curve[0]?.[0] ?? 0)
}

/** How much a counter grew; where it fell it had begun anew. Undefined with fewer than two samples. */
export function increase(counter: Curve): number | undefined {
  if (counter.length < 2) return undefined
  let total = 0
  for (let at = 1; at < counter.length; at++) total += rise(counter[at - 1]?.[1] ?? 0, counter[at]?.[1] ?? 0)
  return total
}

/** Per second, over the whole of the curve. */
export function rate(counter: Curve): number | undefined {
  const grown = increase(counter)
  const seconds = spanSeconds(counter)
  return grown === undefined || seconds <= 0 ? undefined : grown / seconds
}

/** Per second, between samples that are at least `stepSeconds` apart. */
export function rates(counter: Curve, stepSeconds: number): Curve {
  const result: Array<readonly [number, number]> = []
  let from = counter[0]
  let grown = 0
  for (let at = 1; at < counter.length; at++) {
    const [before, now] = [counter[at - 1], counter[at]]
    if (!before || !now || !from) continue
    grown += rise(before[1], now[1])
    const seconds = now[0] - from[0]
    if (seconds < stepSeconds) continue
    result.push([now[0], grown / seconds])
    from = now
    grown = 0
  }
  return result
}

function rise(before: number, now: number): number {
  return now >= before ? now - before : now
}

/** The lowest value of each of `parts` equal spans of time; spans without a sample are left out. */
export function floors(curve: Curve, parts: number): Curve {
  const [first] = curve[0] ?? [0]
  const length = spanSeconds(curve) / parts
  if (length <= 0) return []
  return Array.from({ length: parts }, (_, part) => {
    const from = first + part * length
    const to = part === parts - 1 ? Infinity : from + length
    const own = curve.filter(([at]) => at >= from && at < to)
    return own.length === 0 ? undefined : ([from + length / 2, lowest(own) ?? 0] as const)
  }).filter((point) => point !== undefined)
}

/** The line of least squares. Undefined with fewer than three samples. */
export function lineThrough(curve: Curve): Line | undefined {
  if (curve.length < 3) return undefined
  const [origin] = curve[0] ?? [0]
  const count = curve.length
  const meanAt = curve.reduce((sum, [at]) => sum + (at - origin), 0) / count
  const meanValue = curve.reduce((sum, [, value]) => sum + value, 0) / count
  let products = 0
  let squaresAt = 0
  let squaresValue = 0
  for (const [at, value] of curve) {
    const [dx, dy] = [at - origin - meanAt, value - meanValue]
    products += dx * dy
    squaresAt += dx * dx
    squaresValue += dy * dy
  }
  if (squaresAt === 0) return undefined
  const slope = products / squaresAt
  return { slope, straightness: squaresValue === 0 ? 0 : (products * products) / (squaresAt * squaresValue) }
}

/** The most that was gained within any `seconds`. */
export function steepestGain(curve: Curve, seconds: number): number {
  let most = 0
  let from = 0
  for (let to = 0; to < curve.length; to++) {
    while ((curve[to]?.[0] ?? 0) - (curve[from]?.[0] ?? 0) > seconds) from++
    for (let start = from; start < to; start++) most = Math.max(most, (curve[to]?.[1] ?? 0) - (curve[start]?.[1] ?? 0))
  }
  return most
}

/** The share of samples for which it holds; undefined without any. */
export function shareOf(curve: Curve, holds: (value: number) => boolean): number | undefined {
  return curve.length === 0 ? undefined : curve.filter(([, value]) => holds(value)).length / curve.length
}
