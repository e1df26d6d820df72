/** Owns writing down what the advisor answered, or why it did not. */
import type { Database } from '../database.ts'
import { AdviceBody, type Advice } from './advice-row.ts'

/** Returns false when it was answered before: the first word counts. */
export function answerAdvice(
  database: Database,
  { id, askedAt, latencyMs, tokens, verdict, chosen, ...body }: Omit<Advice, 'incident' | 'purpose' | 'at' | 'status' | 'outcome'>,
): boolean {
  const sql = `UPDATE advice SET status = 'answered', asked_at = $askedAt, latency_ms = $latencyMs, tokens = $tokens,
      verdict = $verdict, chosen = $chosen, body = $body
    WHERE id = $id AND status = 'waiting'`
  const values = { id, askedAt, latencyMs, tokens, verdict, chosen: chosen === null ? null : JSON.stringify(chosen) }
  return database.run(sql, { ...values, body: JSON.stringify(AdviceBody.parse(body)) }).changes > 0
}
