/** Owns the names by which checks call the operations on their runs, each of which has a file of its own. */
export { insertCheckRun } from './check-runs/insert-check-run.ts'
export { latestCheckRun } from './check-runs/latest-check-run.ts'
export { listCheckRuns } from './check-runs/list-check-runs.ts'
