/** Owns the shape of Alertmanager's webhook payload, version 4: tolerant of new fields, strict about what is acted upon. */
import { z } from 'zod'
import type { Alert } from './model.ts'
import { splitPayload } from './payload-pieces.ts'

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

const ENVELOPE = {
  version: z.literal('4'),
  status: z.enum(['firing', 'resolved']),
  groupKey: z.string().max(VALUE_LENGTH_MAX).optional(),
  receiver: z.string().max(VALUE_LENGTH_MAX).optional(),
  truncatedAlerts: z.number().int().nonnegative().optional(),
}
const ALERTS_MAX = 100_000

export const WebhookPayload = z.object({ ...ENVELOPE, alerts: z.array(AlertPayload).min(1).max(ALERTS_MAX) })
export type WebhookPayload = z.infer<typeof WebhookPayload>
/** Without the elements, which are judged one by one. */
const Envelope = z.object({ ...ENVELOPE, alerts: z.array(z.unknown()) })

export type ParsedPayload =
  | {
      readonly ok: true
      readonly count: number
      /** Many are parsed anew each time they are asked for: as objects, ten thousand of them are several times their text. */
      readonly alerts: Iterable<Alert>
    }
  | { readonly ok: false; readonly faults: readonly string[] }

const FAULTS_SHOWN_MAX = 50
/** So many are kept as they were parsed when they were judged. */
const KEPT_MAX = 100

/** The alerts of a request body, or every fault with its path. All have been judged when it returns. */
export function parseWebhookPayload(body: Buffer): ParsedPayload {
  const pieces = splitPayload(body)
  const outer = pieces === undefined ? undefined : jsonOf(pieces.envelope)
  if (pieces === undefined || outer === undefined) return { ok: false, faults: ['body: it is not JSON'] }
  const { offsets } = pieces
  const faults = faultsOf(Envelope.safeParse(outer.value))
  const count = offsets.length / 2
  if (faults.length === 0 && count === 0) faults.push('alerts: it has no alert')
  if (count > ALERTS_MAX) faults.push(`alerts: more than ${ALERTS_MAX}`)
  const kept: Alert[] = []
  for (let index = 0; index < Math.min(count, ALERTS_MAX) && faults.length < FAULTS_SHOWN_MAX; index++) {
    const json = jsonOf(textOf(body, offsets, index))
    if (json === undefined) return { ok: false, faults: ['body: it is not JSON'] }
    const judged = AlertPayload.safeParse(json.value)
    if (!judged.success) faults.push(...faultsOf(judged, `alerts.${index}`))
    else if (count <= KEPT_MAX) kept.push(toAlert(judged.data))
  }
  if (faults.length > 0) return { ok: false, faults: faults.slice(0, FAULTS_SHOWN_MAX) }
  return { ok: true, count, alerts: count <= KEPT_MAX ? kept : { [Symbol.iterator]: () => alertsOf(body, offsets) } }
}

function* alertsOf(body: Buffer, offsets: readonly number[]): Generator<Alert, void> {
  for (let index = 0; index < offsets.length / 2; index++) yield toAlert(AlertPayload.parse(JSON.parse(textOf(body, offsets, index))))
}

function toAlert({ fingerprint, status, labels, annotations, startsAt }: z.infer<typeof AlertPayload>): Alert {
  return { fingerprint: fingerprint.toLowerCase(), status, labels, annotations, startsAt: new Date(startsAt).toISOString() }
}

function textOf(body: Buffer, offsets: readonly number[], index: number): string {
  return body.toString('utf8', offsets[2 * index], offsets[2 * index + 1])
}

function jsonOf(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function faultsOf(result: { readonly error?: z.ZodError | undefined }, above?: string): string[] {
  return (result.error?.issues ?? []).map((issue) => {
    const path = [...(above === undefined ? [] : [above]), ...issue.path].join('.')
    return `${path === '' ? 'body' : path}: ${issue.message}`
  })
}
