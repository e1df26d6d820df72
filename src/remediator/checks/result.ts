/** Owns what a run of a check gives: its outcome, its figures, and how it drifts. Shared by store, API, metrics and command line. */
import { z } from 'zod'
import { CHECK_KINDS } from './definition.ts'

/** skipped: it could not be tried here, which says nothing of what it checks. */
export const CHECK_OUTCOMES = ['passed', 'failed', 'timed_out', 'skipped'] as const
export type CheckOutcome = (typeof CHECK_OUTCOMES)[number]
export const CHECK_TRIGGERS = ['schedule', 'start', 'hand', 'verification', 'baseline'] as const
export type CheckTrigger = (typeof CHECK_TRIGGERS)[number]

export const CheckFigures = z.strictObject({
  requests: z.number().optional(),
  errorRatio: z.number().optional(),
  latencyP95Seconds: z.number().optional(),
  memoryBytes: z.number().optional(),
  memoryGrowthBytesPerHour: z.number().optional(),
})
export type CheckFigures = z.infer<typeof CheckFigures>

export const CheckResult = z.strictObject({
  check: z.string(),
  kind: z.enum(CHECK_KINDS),
  program: z.string().nullable(),
  at: z.iso.datetime(),
  trigger: z.enum(CHECK_TRIGGERS),
  outcome: z.enum(CHECK_OUTCOMES),
  text: z.string().describe('One sentence for a person.'),
  durationSeconds: z.number(),
  figures: CheckFigures,
  drift: z.array(z.string()).describe('How it is away from what is healthy; empty when it is not.'),
})
export type CheckResult = z.infer<typeof CheckResult>

/** What a runner finds out; time, name and drift are added by who asked. */
export interface Measured {
  readonly outcome: CheckOutcome
  readonly text: string
  readonly figures: CheckFigures
}

export function failed(text: string, figures: CheckFigures = {}): Measured {
  return { outcome: 'failed', text, figures }
}

/** Of unsorted values; undefined without any. The nearest rank: a value that was measured. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
}
