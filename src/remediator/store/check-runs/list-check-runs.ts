/** Owns listing runs of checks. */
import type { CheckResult } from '../../checks/result.ts'
import type { Database } from '../database.ts'
import { fromRow } from './check-run-row.ts'

/** What is left out does not filter. */
export interface CheckRunFilter {
  readonly check?: string | undefined
  readonly outcome?: string | undefined
  /** At or after (ISO 8601). */
  readonly since?: string | undefined
}

/** Newest first. */
export function listCheckRuns(database: Database, limit: number, { check, outcome, since }: CheckRunFilter = {}): CheckResult[] {
  const sql = `SELECT body FROM check_runs
    WHERE ($name IS NULL OR name = $name) AND ($outcome IS NULL OR outcome = $outcome) AND ($since IS NULL OR at >= $since)
    ORDER BY id DESC LIMIT $limit`
  return database.all(sql, { name: check ?? null, outcome: outcome ?? null, since: since ?? null, limit }).map(fromRow)
}
