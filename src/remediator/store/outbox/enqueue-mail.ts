/** Owns putting a mail into the outbox, where it waits durably until a mail server has taken it. */
import type { Database } from '../database.ts'
import type { NewMail } from './outbox-row.ts'

/** Returns its id, or undefined when it had been put there before. */
export function enqueueMail(database: Database, mail: NewMail): number | undefined {
  const { dedupe, recipient = '', incident, kind = 'incident', subject, body, html = null, messageId, thread = null, line = '' } = mail
  const { changes, lastId } = database.run(
    `INSERT OR IGNORE INTO outbox (dedupe, recipient, incident, kind, subject, body, html, message_id, thread, line, created_at_ms, next_at_ms)
     VALUES ($dedupe, $recipient, $incident, $kind, $subject, $body, $html, $messageId, $thread, $line, $createdAtMs, $createdAtMs)`,
    {
      // The column is unique by itself.
      dedupe: recipient === '' ? dedupe : `${dedupe}|${recipient}`,
      recipient,
      incident,
      kind,
      subject,
      body,
      html,
      messageId,
      thread,
      line,
      createdAtMs: mail.createdAtMs,
    },
  )
  return changes === 1 ? lastId : undefined
}
