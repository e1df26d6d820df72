/** Owns counting how much the advisor was used. */
import type { Database } from '../database.ts'
import { numberOf } from '../row.ts'

/** Questions that were put to it since a moment (ISO 8601), and what they cost. */
export function adviceUse(database: Database, since: string): { readonly requests: number; readonly tokens: number } {
  const row = database.get('SELECT count(*) AS requests, coalesce(sum(tokens), 0) AS tokens FROM advice WHERE asked_at >= $since', {
    since,
  })
  return row === undefined ? { requests: 0, tokens: 0 } : { requests: numberOf(row, 'requests'), tokens: numberOf(row, 'tokens') }
}
