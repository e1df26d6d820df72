/** Owns writing down the answer to a question; there is only one. */
import type { Database } from '../database.ts'
import type { Approval } from './approval-row.ts'

export interface Answered {
  readonly answer: NonNullable<Approval['answer']>
  readonly atMs: number
  readonly by: string | null
  readonly how: Approval['answeredHow']
}

/** False when the question had been answered before: then nothing changes. */
export function answerApproval(database: Database, id: number, { answer, atMs, by, how }: Answered): boolean {
  const sql =
    'UPDATE approvals SET answer = $answer, answered_at_ms = $atMs, answered_by = $by, answered_how = $how WHERE id = $id AND answer IS NULL'
  return database.run(sql, { id, answer, atMs, by, how }).changes === 1
}
