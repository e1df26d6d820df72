/** Owns how a remembered answer of a person lies in the store. Runs no SQL. */
import { z } from 'zod'
import { How } from '../approvals/approval-row.ts'
import { numberOf, textOf, type Row } from '../row.ts'

const RememberedAnswer = z.enum(['approve', 'deny'])

export interface RememberedApproval {
  readonly id: number
  readonly policy: string
  /** The program. */
  readonly group: string
  /** In words, `freeze, then kill`, which do not tell all ladders apart. */
  readonly action: string
  readonly answer: z.infer<typeof RememberedAnswer>
  /** Said with "always": counts wherever one would be asked, not only under a policy that asks the first time. */
  readonly standing: boolean
  readonly by: string
  readonly how: How
  readonly incident: string
  /** ISO 8601. */
  readonly at: string
}

/** With the exact steps that the person was asked about, as JSON: a yes counts for no others. */
export type NewRememberedApproval = Omit<RememberedApproval, 'id'> & { readonly steps: string }

export function fromRow(row: Row): RememberedApproval {
  return {
    id: numberOf(row, 'id'),
    policy: textOf(row, 'policy'),
    group: textOf(row, 'program'),
    action: textOf(row, 'action'),
    answer: RememberedAnswer.parse(row['answer']),
    standing: numberOf(row, 'standing') === 1,
    by: textOf(row, 'given_by'),
    how: How.parse(row['how']),
    incident: textOf(row, 'incident'),
    at: textOf(row, 'at'),
  }
}
