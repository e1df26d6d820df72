/** Owns keeping what an incident was diagnosed as. */
import type { Diagnosis } from '../../diagnosis/diagnosis.ts'
import type { Database } from '../database.ts'

/** Takes the place of an earlier one. */
export function keepDiagnosis(database: Database, incident: string, diagnosis: Diagnosis): void {
  const { at, name, confidence } = diagnosis
  database.run(
    'INSERT OR REPLACE INTO diagnoses (incident, at, name, confidence, body) VALUES ($incident, $at, $name, $confidence, $body)',
    {
      incident,
      at,
      name,
      confidence,
      body: JSON.stringify(diagnosis),
    },
  )
}
