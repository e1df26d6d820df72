/** Owns adding to what a digest will say of a mail that still waits. */
import type { Database } from '../database.ts'

export function addToLine(database: Database, id: number, words: string): void {
  database.run('UPDATE outbox SET line = line || $words WHERE id = $id', { id, words })
}
