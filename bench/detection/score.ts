/**
 * Owns the score. A firing is right when it begins within a labelled window, and false elsewhere; a window is found when a
 * right firing begins in it. The first 15 % of a series (at most 750 samples), in which the benchmark scores nothing, are left
 * out. Firings of one detector that follow each other within an hour are one. P = found / (found + false), R = found / windows.
 */
import type { Firing } from '../../src/backtest/replay.ts'
import type { LabelledSeries } from './dataset.ts'

export interface Score {
  readonly found: number
  readonly windows: number
  readonly falseAlarms: number
  readonly days: number
}

const UNSCORED_SHARE = 0.15
const UNSCORED_SAMPLES_MAX = 750
const APART_SECONDS = 3600

export function scoreSeries(series: LabelledSeries, firings: readonly Firing[]): Score {
  const begins = merged(firings).filter((at) => at >= scoredFrom(series))
  const isIn = (at: number): boolean => series.windows.some(([from, to]) => at >= from && at <= to)
  return {
    found: series.windows.filter(([from, to]) => begins.some((at) => at >= from && at <= to)).length,
    windows: series.windows.length,
    falseAlarms: begins.filter((at) => !isIn(at)).length,
    days: series.days,
  }
}

export function sumScores(scores: readonly Score[]): Score {
  const sum = (of: (score: Score) => number): number => scores.reduce((total, score) => total + of(score), 0)
  return { found: sum((s) => s.found), windows: sum((s) => s.windows), falseAlarms: sum((s) => s.falseAlarms), days: sum((s) => s.days) }
}

/** NaN where nothing fired: a detector that says nothing has no precision. */
export function precision({ found, falseAlarms }: Score): number {
  return found / (found + falseAlarms)
}

export function recall({ found, windows }: Score): number {
  return found / windows
}

export function f1({ found, windows, falseAlarms }: Score): number {
  return (2 * found) / (found + falseAlarms + windows)
}

/**
 * What the same firings would have scored by chance: all moved together along the series, around its end, in `steps` equal
 * steps. A detector that is no better than this has learned nothing but how often to fire.
 */
export function chanceScores(series: LabelledSeries, firings: readonly Firing[], steps: number): Score[] {
  const start = scoredFrom(series)
  const end = series.samples.at(-1)?.[0] ?? start
  const span = end - start
  const own = firings.filter((firing) => firing.startsAt >= start)
  return Array.from({ length: steps }, (_, index) => {
    const shift = ((index + 1) * span) / (steps + 1)
    const moved = own.map((firing) => {
      const startsAt = start + ((firing.startsAt - start + shift) % span)
      return { ...firing, startsAt, endsAt: startsAt + ((firing.endsAt ?? end) - firing.startsAt) }
    })
    return scoreSeries(
      series,
      moved.toSorted((a, b) => a.startsAt - b.startsAt),
    )
  })
}

function scoredFrom({ samples }: LabelledSeries): number {
  const index = Math.floor(Math.min(samples.length * UNSCORED_SHARE, UNSCORED_SAMPLES_MAX))
  return samples[index]?.[0] ?? 0
}

/** The beginnings of what fired, gaps of up to an hour closed. */
function merged(firings: readonly Firing[]): number[] {
  const begins: number[] = []
  let quietSince = -Infinity
  for (const { startsAt, endsAt = Infinity } of firings) {
    if (startsAt - quietSince > APART_SECONDS) begins.push(startsAt)
    quietSince = Math.max(quietSince, endsAt)
  }
  return begins
}
