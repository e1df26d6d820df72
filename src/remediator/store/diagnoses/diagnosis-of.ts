/** Owns finding what an incident was diagnosed as. */
import { Diagnosis } from '../../diagnosis/diagnosis.ts'
import type { Database } from '../database.ts'
import { textOf } from '../row.ts'

/** The surest look at it; undefined when there was none yet. */
export function diagnosisOf(database: Database, incident: string): Diagnosis | undefined {
  const row = database.get('SELECT body FROM diagnoses WHERE incident = $incident', { incident })
  return row && Diagnosis.parse(JSON.parse(textOf(row, 'body')))
}
