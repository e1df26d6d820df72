/** Owns counting the mails that wait. */
import type { Database } from '../database.ts'
import { WAITS } from './outbox-row.ts'

export function outboxLength(database: Database): number {
  return Number(database.get(`SELECT count(*) AS n FROM outbox WHERE ${WAITS}`)?.['n'] ?? 0)
}
