/** Owns the figures of the audit trail: how much was detected, healed, escalated and prevented, in all and by week. Reads entries, one by one. */
import type { AuditEntry } from '../model.ts'

/** Figures of one span of time. */
export interface Figures {
  /** Alerts that became incidents. */
  detected: number
  /** Attempts: an action was begun. */
  attempted: number
  /** Ended with the fault gone by an action. */
  healed: number
  failed: number
  /** In mode observe: would have acted. */
  observed: number
  /** A guard, a person or the mode forbade it. */
  refused: number
  escalated: number
  /** The alert was over before anything was done. */
  cancelled: number
}

export interface AuditStats extends Figures {
  readonly entries: number
  readonly firstAt: string | null
  readonly lastAt: string | null
  /** Of attempts that ended, the share that healed; null without any. */
  readonly successRatio: number | null
  readonly byEvent: Readonly<Record<string, number>>
  readonly refusedBy: Readonly<Record<string, number>>
  /** By Monday (ISO 8601 date, UTC), in order. */
  readonly weeks: ReadonlyArray<{ readonly monday: string } & Readonly<Figures>>
}

const HEALED = new Set(['killed', 'frozen', 'thawed', 'restarted', 'quarantined', 'reaped', 'executed'])
/** Entries that end a run; others may carry the outcome of a step. */
const ENDINGS = new Set(['verified', 'recovered', 'refused', 'cancelled', 'failed', 'denied', 'expired', 'would_act', 'notified'])

export function auditStats(entries: Iterable<AuditEntry>): AuditStats {
  const total = noFigures()
  const weeks = new Map<string, Figures>()
  const byEvent: Record<string, number> = Object.create(null)
  const refusedBy: Record<string, number> = Object.create(null)
  let count = 0
  let firstAt: string | null = null
  let lastAt: string | null = null
  for (const entry of entries) {
    count += 1
    firstAt ??= entry.at
    lastAt = entry.at
    byEvent[entry.event] = (byEvent[entry.event] ?? 0) + 1
    const figure = figureOf(entry)
    if (figure === undefined) continue
    const monday = mondayOf(entry.at)
    const week = weeks.get(monday) ?? noFigures()
    weeks.set(monday, week)
    total[figure] += 1
    week[figure] += 1
    const { reason } = entry.data
    if (figure === 'refused' && typeof reason === 'string') refusedBy[reason] = (refusedBy[reason] ?? 0) + 1
  }
  const ended = total.healed + total.failed
  return {
    ...total,
    entries: count,
    firstAt,
    lastAt,
    successRatio: ended === 0 ? null : total.healed / ended,
    byEvent: { ...byEvent },
    refusedBy: { ...refusedBy },
    weeks: [...weeks].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([monday, figures]) => ({ monday, ...figures })),
  }
}

function figureOf({ event, data }: AuditEntry): keyof Figures | undefined {
  if (event === 'opened') return 'detected'
  if (event === 'intent') return 'attempted'
  if (event === 'escalated') return 'escalated'
  if (!ENDINGS.has(event)) return undefined
  const { outcome } = data
  if (typeof outcome !== 'string') return undefined
  if (HEALED.has(outcome)) return 'healed'
  return outcome === 'failed' || outcome === 'observed' || outcome === 'refused' || outcome === 'cancelled' ? outcome : undefined
}

function noFigures(): Figures {
  return { detected: 0, attempted: 0, healed: 0, failed: 0, observed: 0, refused: 0, escalated: 0, cancelled: 0 }
}

/** Weeks begin on Monday (ISO 8601). */
function mondayOf(at: string): string {
  const date = new Date(at)
  const daysSinceMonday = (date.getUTCDay() + 6) % 7
  return new Date(date.getTime() - daysSinceMonday * 86_400_000).toISOString().slice(0, 10)
}
