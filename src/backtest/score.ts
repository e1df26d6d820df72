/**
 * Owns judging firings against labelled anomaly windows: precision, recall, F1 and false alarms per day. A window counts
 * once, however often an alert fires in it; so many alarms in one window buy no precision. Pure.
 */

/** Unix seconds, both ends included. */
export interface Span {
  readonly from: number
  readonly to: number
}

export interface Score {
  readonly windows: number
  /** Windows in which something fired. */
  readonly found: number
  /** Episodes of firing that touch no window. */
  readonly falseAlarms: number
  readonly days: number
  /** found / (found + falseAlarms); undefined when nothing fired. */
  readonly precision: number | undefined
  /** found / windows; undefined without windows. */
  readonly recall: number | undefined
  /** Their harmonic mean, 0 when nothing was found; undefined without windows. */
  readonly f1: number | undefined
  readonly falseAlarmsPerDay: number
}

/** Firings closer together than this are one episode: an alert that flutters is one alarm to the person who gets it. */
const SAME_EPISODE_SECONDS = 3600

export function scoreFirings(firings: readonly Span[], windows: readonly Span[], days: number): Score {
  const episodes = mergeSpans(firings, SAME_EPISODE_SECONDS)
  const found = windows.filter((window) => firings.some((firing) => overlaps(firing, window))).length
  const falseAlarms = episodes.filter((episode) => !windows.some((window) => overlaps(episode, window))).length
  return { days, ...ratios({ windows: windows.length, found, falseAlarms, days }) }
}

/** Spans in order, those that overlap or lie at most `gapSeconds` apart joined. */
export function mergeSpans(spans: readonly Span[], gapSeconds: number): Span[] {
  const merged: Span[] = []
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last !== undefined && span.from - last.to <= gapSeconds)
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, span.to) }
    else merged.push(span)
  }
  return merged
}

export function overlaps(left: Span, right: Span): boolean {
  return left.from <= right.to && right.from <= left.to
}

function ratios({ windows, found, falseAlarms, days }: Pick<Score, 'windows' | 'found' | 'falseAlarms' | 'days'>): Omit<Score, 'days'> {
  const precision = found + falseAlarms === 0 ? undefined : found / (found + falseAlarms)
  const recall = windows === 0 ? undefined : found / windows
  const f1 = recall === undefined ? undefined : found === 0 || precision === undefined ? 0 : (2 * precision * recall) / (precision + recall)
  return { windows, found, falseAlarms, precision, recall, f1, falseAlarmsPerDay: days > 0 ? falseAlarms / days : 0 }
}
