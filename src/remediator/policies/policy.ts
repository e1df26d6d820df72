/** Owns the schema of a policy: which alerts it is for, what is done, within which bounds, and how one knows that it helped. */
import { z } from 'zod'
import { messageOf } from '../../lib/errors.ts'
import { parseMatcher } from '../matcher.ts'
import { ACTIONS, MODES } from '../model.ts'
import { OnExpiry } from '../store/approvals/approval-row.ts'
import { CONFIDENCES } from '../target.ts'
import { MaintenanceWindow } from './maintenance.ts'
import { listFaults, policyFaults } from './policy-faults.ts'
import { QueryText } from './query-text.ts'
import { AbsolutePath, CommandLine, Step } from './steps.ts'
import { Verification } from './verification.ts'

export const APPROVALS = ['never', 'first-time', 'always'] as const
export const RISKS = ['low', 'medium', 'high'] as const

const MatcherText = z.string().superRefine((text, context) => {
  try {
    parseMatcher(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
  }
})

const Cooldown = z
  .strictObject({
    max: z.number().int().min(1).max(1_000).default(5),
    window_seconds: z.number().min(1).max(86_400).default(60),
    duration_seconds: z.number().min(1).max(604_800).default(120),
  })
  .prefault({})

/** At most `max` attempts within the window. */
export const Cap = z.strictObject({ max: z.number().int().min(1).max(100_000), window_seconds: z.number().min(1).max(604_800) })

const TargetSource = z.union(
  [
    z.literal('labels'),
    z.strictObject({
      /** Asked at the time of action; the highest series names the target by its labels pid and group. */
      query: QueryText,
      /** How much is made of the answer. */
      confidence: z.enum(CONFIDENCES).default('medium'),
    }),
  ],
  { error: 'a target is labels, or {query: PROMQL}' },
)

const Snapshot = z
  .strictObject({
    /** Files and folders to be copied; `procwarden rollback` puts them back. */
    paths: z.array(AbsolutePath).max(32).default([]),
    bytes_max: z.number().int().min(0).max(1_073_741_824).default(16_777_216),
    /** Whether nothing is done when it cannot be taken. */
    required: z.boolean().default(false),
  })
  .prefault({})

/** A policy as a file may hold it, but for the short forms of its steps. */
export const PolicyFields = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a policy name is small letters, digits and hyphens'),
  /** All of them fit the alert's labels. */
  match: z.array(MatcherText).min(1),
  /** Names of later policies that would fit some of the same alerts and shall not get them. */
  before: z.array(z.string()).default([]),
  /** Short for a ladder of one step; `kill` is then verified by `gone`. */
  action: z.enum(ACTIONS).optional(),
  ladder: z.array(Step).min(1).max(16).optional(),
  /** learned: what helped more often against the same diagnosis comes first. */
  order: z.enum(['written', 'learned']).default('written'),
  target: TargetSource.default('labels'),
  /** Narrower than the global mode; never wider. */
  mode: z.enum(MODES).optional(),
  /** Whom it asks in mode auto. In mode confirm it always asks. */
  approval: z.enum(APPROVALS).default('never'),
  /** What happens to a process while a person is asked. Left out: it is frozen where the ladder would end it. */
  while_waiting: z.enum(['freeze', 'nothing']).optional(),
  /** What it means when nobody answers in time. deny: nothing is done, and what is frozen goes on. */
  on_expiry: OnExpiry.default('deny'),
  confidence: z.enum(CONFIDENCES).default('medium'),
  grace_seconds: z.number().min(0).max(300).default(5),
  attempts: z.number().int().min(1).max(10).default(3),
  cooldown: Cooldown,
  verify: z.array(Verification).min(1).max(8).optional(),
  snapshot: Snapshot,
  /** What `procwarden rollback` runs besides; the alert is on its standard input. */
  rollback: z.strictObject({ command: CommandLine, timeout_seconds: z.number().min(0.1).max(3_600).default(60) }).optional(),
  /** To whom it goes when nothing helped: an advisor first, where one is configured; then a person. */
  escalate: z.array(z.enum(['advisor', 'person'])).default(['person']),
  /** What an advisor may choose besides the steps of the ladder. */
  advisor_actions: z.array(Step).max(16).default([]),
  caps: z.strictObject({ target: Cap.optional(), policy: Cap.optional() }).prefault({}),
  /** When nothing is done under this policy. */
  maintenance: z.array(MaintenanceWindow).max(32).default([]),
  /** How much harm a mistake would do. */
  risk: z.enum(RISKS).default('medium'),
  /** 1: first aid. 2: repair. 3: last resort. For people and reports; changes nothing. */
  tier: z.number().int().min(1).max(3).default(1),
})

type Written = z.infer<typeof PolicyFields>

/** A policy as the rest reads it: a single action is a ladder of one step, and what a kill is verified by is said. */
export interface Policy extends Omit<Written, 'action' | 'ladder' | 'verify'> {
  readonly ladder: readonly Step[]
  /** Empty when the policy only notifies. */
  readonly verify: readonly Verification[]
}

/** The policies of a configuration. Every fault of every policy is an issue of its own, with its path. */
export const PolicyList = z.unknown().transform((value, context): readonly Policy[] => {
  const add = (path: PropertyKey[], message: string): void => context.addIssue({ code: 'custom', path, message, input: value })
  if (!Array.isArray(value)) {
    add([], 'policies are a list')
    return z.NEVER
  }
  const policies: Policy[] = []
  for (const [index, raw] of value.entries()) {
    const parsed = PolicyFields.safeParse(raw)
    for (const issue of parsed.error?.issues ?? []) {
      if (issue.code === 'unrecognized_keys') for (const key of issue.keys) add([index, ...issue.path, key], 'there is no such key')
      else add([index, ...issue.path], issue.message)
    }
    for (const { path, message } of policyFaults(raw)) add([index, ...path], message)
    if (parsed.success && context.issues.length === 0) policies.push(toPolicy(parsed.data))
  }
  for (const { path, message } of listFaults(value)) add(path, message)
  return context.issues.length > 0 ? z.NEVER : policies
})

function toPolicy({ action, ladder, verify, ...others }: Written): Policy {
  const steps = ladder ?? [Step.parse(action)]
  return { ...others, ladder: steps, verify: verify ?? (isActing(steps) ? [Verification.parse('gone')] : []) }
}

/** Whether any step does more than tell. */
export function isActing(ladder: readonly Step[]): boolean {
  return ladder.some((step) => step.action !== 'notify')
}
