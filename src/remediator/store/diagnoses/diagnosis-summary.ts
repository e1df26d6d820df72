/** Owns the short form of a diagnosis: what many incidents are listed with, without reading the evidence of each. */
import type { Database } from '../database.ts'
import { textOf } from '../row.ts'

export interface DiagnosisSummary {
  readonly name: string
  readonly confidence: string
  readonly recommendedAction: string
}

export function diagnosisSummary(database: Database, incident: string): DiagnosisSummary | undefined {
  const sql = "SELECT name, confidence, body ->> 'recommended_action' AS action FROM diagnoses WHERE incident = $incident"
  const row = database.get(sql, { incident })
  return row && { name: textOf(row, 'name'), confidence: textOf(row, 'confidence'), recommendedAction: textOf(row, 'action') }
}
