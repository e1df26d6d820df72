/** Owns keeping the result of a run of a check, and forgetting the oldest ones of the same check. */
import type { CheckResult } from '../../checks/result.ts'
import type { Database } from '../database.ts'

/** Of each check the newest `keep` results stay. */
export function insertCheckRun(database: Database, result: CheckResult, keep: number): void {
  const { check: name, at, outcome } = result
  database.transaction(() => {
    database.run('INSERT INTO check_runs (name, at, outcome, body) VALUES ($name, $at, $outcome, $body)', {
      name,
      at,
      outcome,
      body: JSON.stringify(result),
    })
    database.run(
      'DELETE FROM check_runs WHERE name = $name AND id <= (SELECT id FROM check_runs WHERE name = $name ORDER BY id DESC LIMIT 1 OFFSET $keep)',
      { name, keep },
    )
  })
}
