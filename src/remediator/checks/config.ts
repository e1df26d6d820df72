/** Owns the schema of the key `checks` of config/remediator.yml: how often is checked, what is drift, and which checks there are. */
import { z } from 'zod'
import { CheckDefinition } from './definition.ts'
import { SHIPPED_CHECKS } from './shipped.ts'

const CHECKS_MAX = 200

const Suite = z
  .array(CheckDefinition)
  .max(CHECKS_MAX)
  .superRefine((checks, context) => {
    const seen = new Set<string>()
    for (const [index, { name }] of checks.entries()) {
      if (seen.has(name)) context.addIssue({ code: 'custom', path: [index, 'name'], message: `a second check is named "${name}"` })
      seen.add(name)
    }
  })

/** What `checks run` calls drift; alerts have thresholds of their own in prometheus/rules/thresholds.yml. */
const Drift = z
  .strictObject({
    error_ratio: z.number().min(0).max(1).default(0.05),
    p95_seconds: z.number().gt(0).default(2),
    /** Times the saved baseline. */
    p95_ratio: z.number().min(1).default(2),
    /** A faster baseline counts as this one: what takes a millisecond may take three. */
    healthy_p95_seconds_min: z.number().min(0).max(60).default(0.05),
    memory_growth_bytes_per_hour: z.number().gt(0).default(100_000_000),
  })
  .prefault({})
export type DriftLimits = z.infer<typeof Drift>

export const ChecksConfig = z.strictObject({
  /** By itself: on the schedule and after a start. By hand and as verification they always run. */
  enabled: z.boolean().default(true),
  interval_seconds: z.number().min(5).max(604_800).default(300),
  /** Share of the interval by which each round is put off at random, so that machines do not check all at once. */
  jitter: z.number().min(0).max(1).default(0.1),
  after_start_seconds: z.number().min(0).max(3_600).default(20),
  /** Results that are kept of each check. */
  history_max: z.number().int().min(1).max(100_000).default(2_000),
  drift: Drift,
  suite: Suite.prefault(SHIPPED_CHECKS),
})
export type ChecksConfig = z.infer<typeof ChecksConfig>
