/** Owns what an incident's chart shows: the measured level, what was normal and allowed, and when something was done. */
import type { Incident } from '../../model.ts'
import type { Curve } from '../../prometheus.ts'
import type { TimelineEntry } from '../../incident-view.ts'

/** A value for each moment of the chart; null where nothing was measured. */
export type Values = ReadonlyArray<number | null>

export interface Moment {
  /** Seconds since the Unix epoch. */
  readonly at: number
  readonly label: string
}

export interface Evidence {
  /** As annotations name it; empty when they do not. */
  readonly unit: string
  /** What was measured: the name of the series, or the alert's own expression. */
  readonly source: string
  /** Seconds since the Unix epoch, evenly spaced. */
  readonly times: readonly number[]
  readonly current: Values
  readonly baseline: Values
  readonly limit: Values
  /** Between these is normal. */
  readonly lower: Values
  readonly upper: Values
  readonly moments: readonly Moment[]
}

export type EvidenceAnswer = { readonly kind: 'drawn'; readonly evidence: Evidence } | { readonly kind: 'none'; readonly why: string }

export interface Span {
  readonly fromMs: number
  readonly toMs: number
  readonly stepSeconds: number
}

const BEFORE_MS = 15 * 60_000
const AFTER_MS = 5 * 60_000
const STEP_SECONDS_MIN = 1
const POINTS = 300
const MOMENTS_MAX = 12

/** From well before the incident to a while after it, or to now. */
export function spanOf({ startedAt, resolvedAt, closedAt }: Incident, nowMs: number): Span {
  const startMs = Math.min(Date.parse(startedAt), nowMs)
  const endMs = resolvedAt !== null && closedAt !== null ? Math.min(nowMs, Date.parse(resolvedAt)) : nowMs
  const lastedMs = Math.max(0, endMs - startMs)
  const wantedFromMs = startMs - Math.max(BEFORE_MS, lastedMs / 2)
  const wantedToMs = Math.min(nowMs, endMs + Math.max(AFTER_MS, lastedMs / 5))
  const stepSeconds = Math.max(STEP_SECONDS_MIN, Math.ceil((wantedToMs - wantedFromMs) / 1000 / POINTS))
  // On whole steps, so that a moment later the same moments are asked for.
  const stepMs = stepSeconds * 1000
  return { fromMs: Math.floor(wantedFromMs / stepMs) * stepMs, toMs: Math.ceil(wantedToMs / stepMs) * stepMs, stepSeconds }
}

export function timesOf({ fromMs, toMs, stepSeconds }: Span): number[] {
  const count = Math.round((toMs - fromMs) / 1000 / stepSeconds) + 1
  return Array.from({ length: count }, (_, index) => fromMs / 1000 + index * stepSeconds)
}

/** The values of a curve at the span's moments; what is no finite number is absent. */
export function valuesOf(curve: Curve | undefined, span: Span): Values {
  const values: Array<number | null> = timesOf(span).map(() => null)
  for (const [seconds, text] of curve?.values ?? []) {
    const index = Math.round((seconds - span.fromMs / 1000) / span.stepSeconds)
    const value = Number(text)
    if (index >= 0 && index < values.length && Number.isFinite(value)) values[index] = value
  }
  return values
}

/** The same value all along; absent when it is none. */
export function constant(text: string | undefined, span: Span): Values {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  return timesOf(span).map(() => (Number.isFinite(value) ? value : null))
}

const LEAD_POINTS_MIN = 12

/** Leaves out most of the time before anything was measured: a process that lives for a minute would be a stroke at the edge. */
export function withoutEmptyLead<Shown extends Omit<Evidence, 'moments'>>(shown: Shown): Shown {
  const { times, current, baseline, limit, lower, upper } = shown
  const first = current.findIndex((value) => value !== null)
  const from = first - Math.max(LEAD_POINTS_MIN, Math.ceil((times.length - first) / 3))
  if (first < 0 || from <= 0) return shown
  return {
    ...shown,
    times: times.slice(from),
    current: current.slice(from),
    baseline: baseline.slice(from),
    limit: limit.slice(from),
    lower: lower.slice(from),
    upper: upper.slice(from),
  }
}

const MOMENTS: Readonly<Record<string, string>> = {
  opened: 'noticed',
  approved: 'approved',
  denied: 'denied',
  'approval.expired': 'nobody answered',
  'signal.sent': 'signal sent',
  quarantined: 'files moved',
  'restart.asked': 'restart asked for',
  verified: 'verified',
  'attempt.failed': 'attempt failed',
  escalated: 'a person is needed',
  thawed: 'goes on',
  rolled_back: 'rolled back',
  resolved: 'alert resolved',
}

/** What of a timeline belongs into the chart. */
export function momentsOf(timeline: readonly TimelineEntry[]): Moment[] {
  return timeline
    .flatMap(({ at, event, data }) => {
      const label = event === 'approval.requested' ? (data['frozen'] === true ? 'frozen, asked' : 'asked') : MOMENTS[event]
      return label === undefined ? [] : [{ at: Date.parse(at) / 1000, label }]
    })
    .slice(0, MOMENTS_MAX)
}
