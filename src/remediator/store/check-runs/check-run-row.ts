/** Owns how a run of a check lies in the store. Runs no SQL. */
import { CheckResult } from '../../checks/result.ts'
import { textOf, type Row } from '../row.ts'

export function fromRow(row: Row): CheckResult {
  return CheckResult.parse(JSON.parse(textOf(row, 'body')))
}
