/** Owns the outbox table: mails wait here, durably, until a mail server has taken them. Knows nothing of SMTP. */
import type { Database } from './database.ts'
import { numberOf, textOf, textOrNull } from './row.ts'

export interface NewMail {
  /** A second mail with the same key is dropped: a conclusion repeated after a crash mails once. */
  readonly dedupe: string
  readonly incident: string | null
  readonly subject: string
  readonly body: string
  readonly messageId: string
  readonly createdAtMs: number
}

export interface OutboxMail extends NewMail {
  readonly id: number
  readonly attempts: number
}

export function enqueueMail(database: Database, mail: NewMail): void {
  database.run(
    `INSERT OR IGNORE INTO outbox (dedupe, incident, subject, body, message_id, created_at_ms, next_at_ms)
     VALUES ($dedupe, $incident, $subject, $body, $messageId, $createdAtMs, $createdAtMs)`,
    { ...mail },
  )
}

/** The unsent mail that has been due the longest. */
export function nextMail(database: Database, nowMs: number): OutboxMail | undefined {
  const row = database.get('SELECT * FROM outbox WHERE sent_at_ms IS NULL AND next_at_ms <= $nowMs ORDER BY next_at_ms, id LIMIT 1', {
    nowMs,
  })
  return (
    row && {
      id: numberOf(row, 'id'),
      dedupe: textOf(row, 'dedupe'),
      incident: textOrNull(row, 'incident'),
      subject: textOf(row, 'subject'),
      body: textOf(row, 'body'),
      messageId: textOf(row, 'message_id'),
      createdAtMs: numberOf(row, 'created_at_ms'),
      attempts: numberOf(row, 'attempts'),
    }
  )
}

export function markMailSent(database: Database, id: number, nowMs: number): void {
  database.run('UPDATE outbox SET sent_at_ms = $nowMs, attempts = attempts + 1, error = NULL WHERE id = $id', { id, nowMs })
}

export function postponeMail(database: Database, id: number, nextAtMs: number, error: string): void {
  database.run('UPDATE outbox SET attempts = attempts + 1, next_at_ms = $nextAtMs, error = $error WHERE id = $id', { id, nextAtMs, error })
}

export function mailsSentSince(database: Database, sinceMs: number): number {
  return Number(database.get('SELECT count(*) AS n FROM outbox WHERE sent_at_ms > $sinceMs', { sinceMs })?.['n'] ?? 0)
}

export function outboxLength(database: Database): number {
  return Number(database.get('SELECT count(*) AS n FROM outbox WHERE sent_at_ms IS NULL')?.['n'] ?? 0)
}
