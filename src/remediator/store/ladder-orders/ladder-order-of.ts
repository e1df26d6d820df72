/** Owns finding the order in which an incident's policy walks its ladder, once that was decided. */
import { z } from 'zod'
import type { Database } from '../database.ts'
import { textOf } from '../row.ts'

export interface LadderOrder {
  readonly policy: string
  /** Indexes into the ladder as it is written. */
  readonly steps: readonly number[]
  readonly reason: string
}

const Steps = z.array(z.number().int().min(0))

export function ladderOrderOf(database: Database, incident: string): LadderOrder | undefined {
  const row = database.get('SELECT policy, steps, reason FROM ladder_orders WHERE incident = $incident', { incident })
  return row && { policy: textOf(row, 'policy'), steps: Steps.parse(JSON.parse(textOf(row, 'steps'))), reason: textOf(row, 'reason') }
}
