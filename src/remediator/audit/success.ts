/**
 * Owns the figures of success by day, week or month: how many incidents were detected, healed, escalated and prevented. Each is
 * counted once, in the period in which it was detected. Reads the audit trail, entry by entry: it forgets nothing.
 */
import type { AuditEntry } from '../model.ts'

export const PERIODS = ['day', 'week', 'month'] as const
export type Period = (typeof PERIODS)[number]

export interface SuccessFigures {
  /** Incidents that were opened. */
  detected: number
  /** Those that ended with the fault gone by an action. */
  healed: number
  /** Of the healed: those seen by an early sign - an anomaly or a synthetic check - before a limit was broken. */
  prevented: number
  /** Those handed to a person. */
  escalated: number
  /** Those that an advisor was asked about. */
  advised: number
  /** Those that an action was tried on. */
  attempted: number
}

export interface SuccessReport extends SuccessFigures {
  readonly by: Period
  /** Of those that an action was tried on, the share that was healed; null without any. */
  readonly healedRatio: number | null
  /** In order; `from` is the first day (ISO 8601, UTC). Periods without an incident are left out. */
  readonly periods: ReadonlyArray<{ readonly from: string; readonly healedRatio: number | null } & Readonly<SuccessFigures>>
}

interface Course {
  readonly from: string
  readonly isEarlySign: boolean
  isAttempted: boolean
  isHealed: boolean
  isEscalated: boolean
  isAdvised: boolean
}

const HEALED = new Set(['killed', 'frozen', 'thawed', 'restarted', 'quarantined', 'reaped', 'executed'])
/** Entries that end an incident; others may carry the outcome of a step. */
const ENDINGS = new Set(['verified', 'recovered'])
const EARLY_ALERTS = new Set(['CheckFailed', 'CheckDrifted'])

export function successReport(entries: Iterable<AuditEntry>, by: Period): SuccessReport {
  const courses = new Map<string, Course>()
  for (const entry of entries) {
    if (entry.incident === null) continue
    const known = courses.get(entry.incident)
    if (known === undefined) {
      if (entry.event === 'opened') courses.set(entry.incident, courseOf(entry, by))
    } else follow(known, entry)
  }
  const total = noFigures()
  const periods = new Map<string, SuccessFigures>()
  for (const course of courses.values()) {
    const figures = periods.get(course.from) ?? noFigures()
    periods.set(course.from, figures)
    for (const each of [total, figures]) count(course, each)
  }
  return {
    by,
    ...total,
    healedRatio: ratioOf(total),
    periods: [...periods]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([from, figures]) => ({ from, ...figures, healedRatio: ratioOf(figures) })),
  }
}

function courseOf({ at, data }: AuditEntry, by: Period): Course {
  const labels = typeof data['labels'] === 'object' && data['labels'] !== null ? data['labels'] : {}
  const kind = 'kind' in labels ? labels.kind : undefined
  const alertname = 'alertname' in labels ? String(labels.alertname) : ''
  return {
    from: startOf(at, by),
    isEarlySign: kind === 'anomaly' || EARLY_ALERTS.has(alertname),
    isAttempted: false,
    isHealed: false,
    isEscalated: false,
    isAdvised: false,
  }
}

function follow(course: Course, { event, data }: AuditEntry): void {
  if (event === 'intent') course.isAttempted = true
  if (event === 'advisor.answered') course.isAdvised = true
  if (event === 'escalated' && data['level'] === 'person') course.isEscalated = true
  // What was healed and failed again later is judged by its last ending.
  if (ENDINGS.has(event) && typeof data['outcome'] === 'string') course.isHealed = HEALED.has(data['outcome'])
}

function count(course: Course, figures: SuccessFigures): void {
  figures.detected += 1
  figures.attempted += Number(course.isAttempted)
  figures.healed += Number(course.isHealed)
  figures.prevented += Number(course.isHealed && course.isEarlySign)
  figures.escalated += Number(course.isEscalated)
  figures.advised += Number(course.isAdvised)
}

function noFigures(): SuccessFigures {
  return { detected: 0, healed: 0, prevented: 0, escalated: 0, advised: 0, attempted: 0 }
}

function ratioOf({ attempted, healed }: SuccessFigures): number | null {
  return attempted === 0 ? null : healed / attempted
}

/** Weeks begin on Monday (ISO 8601). */
function startOf(at: string, by: Period): string {
  const day = at.slice(0, 10)
  if (by === 'day') return day
  if (by === 'month') return `${day.slice(0, 7)}-01`
  const date = new Date(`${day}T00:00:00Z`)
  return new Date(date.getTime() - ((date.getUTCDay() + 6) % 7) * 86_400_000).toISOString().slice(0, 10)
}
