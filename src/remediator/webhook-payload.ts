/** Owns the shape of Alertmanager's webhook payload, version 4: tolerant of new fields, strict about what is acted upon. */
import { z } from 'zod'
import type { Alert } from './model.ts'

const LABELS_MAX = 200
const NAME_LENGTH_MAX = 1_024
const VALUE_LENGTH_MAX = 65_536
/** Of a name in an error message. */
const NAME_SHOWN = 100

/** Checked and not copied: of 10,000 alerts the labels and annotations are most of the memory. */
export const Labels = z
  .custom<Readonly<Record<string, string>>>((value) => labelsFault(value) === undefined, { error: ({ input }) => labelsFault(input) ?? '' })
  .meta({ type: 'object', additionalProperties: { type: 'string', maxLength: VALUE_LENGTH_MAX }, maxProperties: LABELS_MAX })

function labelsFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'expected an object of texts'
  const entries = Object.entries(value)
  if (entries.length > LABELS_MAX) return `more than ${LABELS_MAX} labels`
  for (const [name, text] of entries) {
    if (name.length > NAME_LENGTH_MAX) return `a name is longer than ${NAME_LENGTH_MAX} characters`
    if (typeof text !== 'string') return `"${name.slice(0, NAME_SHOWN)}" is not a text`
    if (text.length > VALUE_LENGTH_MAX) return `"${name.slice(0, NAME_SHOWN)}" is longer than ${VALUE_LENGTH_MAX} characters`
  }
  return undefined
}

/** When an alert began, and when it ended or would end. */
export const AlertTimes = {
  startsAt: z.iso.datetime({ offset: true }),
  endsAt: z.iso.datetime({ offset: true }).optional(),
}

const AlertPayload = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: Labels.refine((labels) => (labels['alertname'] ?? '') !== '', { message: 'the label "alertname" is missing' }),
  annotations: Labels.default({}),
  ...AlertTimes,
  generatorURL: z.string().max(VALUE_LENGTH_MAX).optional(),
  // Alertmanager prints the 64-bit hash as hexadecimal digits.
  fingerprint: z.string().regex(/^[0-9a-fA-F]{1,64}$/, 'a fingerprint is hexadecimal digits'),
})

export const WebhookPayload = z.object({
  version: z.literal('4'),
  status: z.enum(['firing', 'resolved']),
  groupKey: z.string().max(VALUE_LENGTH_MAX).optional(),
  receiver: z.string().max(VALUE_LENGTH_MAX).optional(),
  truncatedAlerts: z.number().int().nonnegative().optional(),
  alerts: z.array(AlertPayload).min(1).max(100_000),
})
export type WebhookPayload = z.infer<typeof WebhookPayload>

export type ParsedPayload =
  | { readonly ok: true; readonly alerts: readonly Alert[] }
  | { readonly ok: false; readonly faults: readonly string[] }

const FAULTS_SHOWN_MAX = 50

/** The alerts of a request body, or every fault with its path. */
export function parseWebhookPayload(body: unknown): ParsedPayload {
  const result = WebhookPayload.safeParse(body)
  if (!result.success) {
    const faults = result.error.issues
      .slice(0, FAULTS_SHOWN_MAX)
      .map((issue) => `${issue.path.length > 0 ? issue.path.join('.') : 'body'}: ${issue.message}`)
    return { ok: false, faults }
  }
  return {
    ok: true,
    alerts: result.data.alerts.map((alert) => ({
      fingerprint: alert.fingerprint.toLowerCase(),
      status: alert.status,
      labels: alert.labels,
      annotations: alert.annotations,
      startsAt: new Date(alert.startsAt).toISOString(),
    })),
  }
}
