/** Owns the schema of how a policy looks whether an action helped. */
import { z } from 'zod'
import { CommandLine } from './steps.ts'
import { QueryText } from './query-text.ts'

const within = (seconds: number) => z.number().min(0).max(3_600).default(seconds)

const Gone = z.strictObject({ kind: z.literal('gone'), within_seconds: within(0) })
const ServiceUp = z.strictObject({ kind: z.literal('service-up'), within_seconds: within(30) })
const Probe = z.strictObject({
  kind: z.literal('probe'),
  /** Asked directly. Left out: the probe that the alert names, as the exporter last saw it. */
  url: z.url({ protocol: /^https?$/, error: 'an http or https address' }).optional(),
  status: z.number().int().min(100).max(599).optional(),
  within_seconds: within(30),
})
const Check = z
  .strictObject({
    kind: z.literal('check'),
    /** Of a synthetic check. Left out, with no command either: the check that the alert names. */
    name: z.string().min(1).optional(),
    /** Instead of a synthetic check: passed when it ends with exit code 0. */
    command: CommandLine.optional(),
    timeout_seconds: z.number().min(0.1).max(600).default(60),
    within_seconds: within(0),
  })
  .refine((check) => check.name === undefined || check.command === undefined, {
    path: ['command'],
    message: 'either the name of a synthetic check, or a command',
  })
const Promql = z.strictObject({
  kind: z.literal('promql'),
  query: QueryText,
  /** empty: passed when the query finds nothing, as an alert's expression does. */
  expect: z.enum(['empty', 'not-empty']).default('empty'),
  within_seconds: within(60),
})
const AlertInactive = z.strictObject({ kind: z.literal('alert-inactive'), within_seconds: within(420) })

export const VERIFY_KINDS = ['gone', 'service-up', 'probe', 'check', 'promql', 'alert-inactive'] as const

const VerificationObject = z.discriminatedUnion('kind', [Gone, ServiceUp, Probe, Check, Promql, AlertInactive], {
  error: `what is verified is one of ${VERIFY_KINDS.join(', ')}, by its name or as {kind: NAME, ...}`,
})

/** Written as `gone`, or as `{kind: promql, query: ...}`. */
export const Verification = z.preprocess((value) => (typeof value === 'string' ? { kind: value } : value), VerificationObject)
export type Verification = z.infer<typeof Verification>
/** What a file may hold, for editors. */
export const WrittenVerification = z.union([
  z.enum(VERIFY_KINDS.filter((kind) => Verification.safeParse(kind).success)),
  VerificationObject,
])
