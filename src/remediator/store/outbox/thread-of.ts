/** Owns finding the mail that a recipient's mails about an incident hang together by. */
import type { Database } from '../database.ts'
import { textOf } from '../row.ts'

/** Message-ID of the first mail to the recipient about the incident. */
export function threadOf(database: Database, incident: string, recipient: string): string | undefined {
  const sql = 'SELECT message_id FROM outbox WHERE incident = $incident AND recipient = $recipient ORDER BY id LIMIT 1'
  const row = database.get(sql, { incident, recipient })
  return row && textOf(row, 'message_id')
}
