/** Owns putting a letter into the outbox for one recipient, with the headers by which mail programs put an incident's mails together. */
import { createHash } from 'node:crypto'
import type { Database } from '../store/database.ts'
import { enqueueMail, threadOf } from '../store/outbox.ts'
import type { MailKind } from '../store/outbox/outbox-row.ts'
import type { Letter } from './letter.ts'
import { letterHtml } from './letter-html.ts'
import { letterText } from './letter-text.ts'

export interface Envelope {
  readonly recipient: string
  readonly incident: string | null
  readonly kind: MailKind
  readonly dedupe: string
  readonly line: string
  readonly hostname: string
  readonly nowMs: number
}

/** Call it in the transaction that ends what the letter tells of: both are durable, or neither. */
export function enqueueLetter(database: Database, letter: RenderedLetter, envelope: Envelope): void {
  const { recipient, incident, kind, dedupe, line, hostname, nowMs } = envelope
  enqueueMail(database, {
    ...letter,
    dedupe,
    recipient,
    incident,
    kind,
    line,
    messageId: messageIdOf(`${dedupe}|${recipient}`, hostname),
    thread: incident === null ? null : (threadOf(database, incident, recipient) ?? null),
    createdAtMs: nowMs,
  })
}

export interface RenderedLetter {
  readonly subject: string
  readonly body: string
  readonly html: string
}

/** Once for all recipients, where they get the same. */
export function rendered(letter: Letter): RenderedLetter {
  return { subject: letter.subject, body: letterText(letter), html: letterHtml(letter) }
}

/** The same for the same mail, however often it is sent: who gets it twice can tell (RFC 5322, 3.6.4). */
export function messageIdOf(key: string, hostname: string): string {
  const host = hostname.replaceAll(/[^A-Za-z0-9.-]/g, '').replaceAll(/^[.-]+|[.-]+$/g, '')
  return `<${createHash('sha256').update(key).digest('hex').slice(0, 32)}@${host === '' ? 'localhost' : host}>`
}
