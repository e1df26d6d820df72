/** Owns giving mails of an earlier release, which were for everybody together, a recipient each. */
import type { Database } from '../database.ts'

export function adoptMails(database: Database, recipients: readonly string[]): void {
  database.transaction(() => {
    for (const recipient of recipients)
      database.run(
        `INSERT OR IGNORE INTO outbox (dedupe, recipient, incident, subject, body, message_id, line, created_at_ms, attempts, next_at_ms)
         SELECT dedupe || '|' || $recipient, $recipient, incident, subject, body, message_id, subject, created_at_ms, attempts, next_at_ms
         FROM outbox WHERE recipient = '' AND sent_at_ms IS NULL`,
        { recipient },
      )
    database.run("DELETE FROM outbox WHERE recipient = '' AND sent_at_ms IS NULL")
  })
}
