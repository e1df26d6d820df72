/** Owns writing down what trying the advisor's choice gave. */
import type { Outcome } from '../../vocabulary.ts'
import type { Database } from '../database.ts'

export function concludeAdvice(database: Database, id: number, outcome: Outcome): void {
  database.run('UPDATE advice SET outcome = $outcome WHERE id = $id AND outcome IS NULL', { id, outcome })
}
