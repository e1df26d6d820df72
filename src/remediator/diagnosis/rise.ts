/** Owns finding the stretch of a curve that rises most evenly, for whatever leaks. Pure. */
import { floors, highest, lineThrough, lowest, spanSeconds, steepestGain, within, type Curve } from './curve.ts'
import { FIGURES } from './figures.ts'

export interface Rise {
  /** Of the lowest values, per second. */
  readonly slope: number
  /** Share of the variance that a straight line through the lowest values explains. */
  readonly straightness: number
  /** From the first to the last of the lowest values. */
  readonly gain: number
  readonly from: number
  readonly to: number
  readonly spanSeconds: number
  /** How many of the lowest values are above the one before, of how many. */
  readonly rising: number
  readonly steps: number
  /** Share of all that was gained which the steepest tenth of the time brought. */
  readonly jumpShare: number
  /** The slope of the last third by that of the whole. */
  readonly steadiness: number
}

/** The longest stretch until now that is straight, else the straightest of all. Undefined where too little is known. */
export function steadiestRise(curve: Curve, nowSeconds: number): Rise | undefined {
  const { windowsSeconds, spanSeconds: spanMin, straightness } = FIGURES.leak
  const rises = windowsSeconds
    .flatMap((seconds) => riseOf(within(curve, nowSeconds - seconds)) ?? [])
    .filter((rise) => rise.spanSeconds >= spanMin)
  const isLeak = (rise: Rise): boolean => rise.straightness >= straightness && rise.slope > 0 && rise.steadiness >= FIGURES.leak.steadiness
  return rises.find(isLeak) ?? rises.toSorted((a, b) => b.straightness - a.straightness)[0]
}

function riseOf(curve: Curve): Rise | undefined {
  const lows = floors(curve, FIGURES.leak.parts)
  const line = lineThrough(lows)
  const [first, last] = [lows[0], lows.at(-1)]
  if (!line || !first || !last || lows.length < FIGURES.leak.parts) return undefined
  const all = (highest(curve) ?? 0) - (lowest(curve) ?? 0)
  const late = lineThrough(lows.slice(-3))
  return {
    slope: line.slope,
    straightness: line.straightness,
    gain: last[1] - first[1],
    from: first[1],
    to: last[1],
    spanSeconds: spanSeconds(curve),
    rising: lows.filter(([, value], at) => at > 0 && value > (lows[at - 1]?.[1] ?? Infinity)).length,
    steps: lows.length - 1,
    jumpShare: all <= 0 ? 0 : steepestGain(curve, spanSeconds(curve) / 10) / all,
    steadiness: late === undefined || line.slope === 0 ? 1 : late.slope / line.slope,
  }
}
