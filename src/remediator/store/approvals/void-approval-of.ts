/** Owns ending a question that has become pointless: the alert is over, or something else is asked. */
import type { Database } from '../database.ts'

export function voidApprovalOf(database: Database, incident: string, atMs: number): void {
  const sql = "UPDATE approvals SET answer = 'void', answered_at_ms = $atMs WHERE incident = $incident AND answer IS NULL"
  database.run(sql, { incident, atMs })
}
