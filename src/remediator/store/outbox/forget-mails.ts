/** Owns removing mails that were dealt with long ago and belong to no incident. */
import type { Database } from '../database.ts'

export function forgetMails(database: Database, beforeMs: number): void {
  const sql = `DELETE FROM outbox WHERE created_at_ms < $beforeMs AND (sent_at_ms IS NOT NULL OR given_up_at_ms IS NOT NULL)
    AND (incident IS NULL OR NOT EXISTS (SELECT 1 FROM incidents WHERE incidents.id = outbox.incident))`
  database.run(sql, { beforeMs })
}
