/** Owns forgetting the incidents of synthetic alerts, which are of no use once they were seen. */
import type { Database } from '../database.ts'
import { SYNTHETIC_ALERT } from '../../synthetic.ts'

/** The newest `keep` of them stay. */
export function deleteOldSynthetic(database: Database, keep: number): void {
  database.run(
    `DELETE FROM incidents WHERE body ->> 'alertname' = '${SYNTHETIC_ALERT}' AND id IN (
       SELECT id FROM incidents WHERE body ->> 'alertname' = '${SYNTHETIC_ALERT}' ORDER BY received_at DESC LIMIT -1 OFFSET $keep)`,
    { keep },
  )
}
