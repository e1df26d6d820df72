/** Owns finding the mail that is to be sent next. */
import type { Database } from '../database.ts'
import { numberOf, textOf, textOrNull } from '../row.ts'
import type { NewMail } from './enqueue-mail.ts'

export interface OutboxMail extends NewMail {
  readonly id: number
  readonly attempts: number
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
