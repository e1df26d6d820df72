/** Owns finding how a check last went. */
import type { CheckResult } from '../../checks/result.ts'
import type { Database } from '../database.ts'
import { fromRow } from './check-run-row.ts'

export function latestCheckRun(database: Database, name: string): CheckResult | undefined {
  const row = database.get('SELECT body FROM check_runs WHERE name = $name ORDER BY id DESC LIMIT 1', { name })
  return row && fromRow(row)
}
