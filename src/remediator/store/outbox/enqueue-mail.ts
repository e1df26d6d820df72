/** Owns putting a mail into the outbox, where it waits durably until a mail server has taken it. */
import type { Database } from '../database.ts'

export interface NewMail {
  /** A second mail with the same key is dropped: a conclusion repeated after a crash mails once. */
  readonly dedupe: string
  readonly incident: string | null
  readonly subject: string
  readonly body: string
  readonly messageId: string
  readonly createdAtMs: number
}

export function enqueueMail(database: Database, mail: NewMail): void {
  database.run(
    `INSERT OR IGNORE INTO outbox (dedupe, incident, subject, body, message_id, created_at_ms, next_at_ms)
     VALUES ($dedupe, $incident, $subject, $body, $messageId, $createdAtMs, $createdAtMs)`,
    { ...mail },
  )
}
