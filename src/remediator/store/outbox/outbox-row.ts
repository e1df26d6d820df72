/** Owns how a mail lies in the store until a server has taken it. Runs no SQL. */
import { z } from 'zod'
import { numberOf, numberOrNull, textOf, textOrNull, type Row } from '../row.ts'

const MailKind = z.enum(['incident', 'alert', 'digest'])
/** alert: calls a person, and is exempt from limits. digest: stands for mails that were held back. */
export type MailKind = z.infer<typeof MailKind>

export interface NewMail {
  /** A second mail with the same key to the same recipient is dropped: a conclusion repeated after a crash mails once. */
  readonly dedupe: string
  /** Empty: all that are configured. */
  readonly recipient?: string
  readonly incident: string | null
  readonly kind?: MailKind
  readonly subject: string
  readonly body: string
  readonly html?: string | null
  readonly messageId: string
  /** Message-ID of the first mail about the incident; null when this is the first. */
  readonly thread?: string | null
  /** What a digest says of it. */
  readonly line?: string
  readonly createdAtMs: number
}

export interface OutboxMail extends Required<NewMail> {
  readonly id: number
  readonly attempts: number
  readonly heldAtMs: number | null
}

/** Neither sent, nor part of a digest, nor given up. */
export const WAITS = 'sent_at_ms IS NULL AND digest IS NULL AND given_up_at_ms IS NULL'

export function fromRow(row: Row): OutboxMail {
  return {
    id: numberOf(row, 'id'),
    dedupe: textOf(row, 'dedupe'),
    recipient: textOf(row, 'recipient'),
    incident: textOrNull(row, 'incident'),
    kind: MailKind.parse(row['kind']),
    subject: textOf(row, 'subject'),
    body: textOf(row, 'body'),
    html: textOrNull(row, 'html'),
    messageId: textOf(row, 'message_id'),
    thread: textOrNull(row, 'thread'),
    line: textOf(row, 'line'),
    createdAtMs: numberOf(row, 'created_at_ms'),
    attempts: numberOf(row, 'attempts'),
    heldAtMs: numberOrNull(row, 'held_at_ms'),
  }
}
