/** Owns closing an intent with its outcome. */
import type { Outcome } from '../../model.ts'
import type { Database } from '../database.ts'

export function concludeIntent(database: Database, id: number, outcome: Outcome | 'interrupted', concludedAt: string): void {
  database.run('UPDATE intents SET outcome = $outcome, concluded_at = $concludedAt WHERE id = $id AND outcome IS NULL', {
    id,
    outcome,
    concludedAt,
  })
}
