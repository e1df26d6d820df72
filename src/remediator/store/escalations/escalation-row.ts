/** Owns how an escalation lies in the store. Runs no SQL. */
import { z } from 'zod'
import { REASONS } from '../../model.ts'
import { numberOf, textOf, textOrNull, type Row } from '../row.ts'

export const EscalationLevel = z.enum(['advisor', 'person'])
const ReasonText = z.enum(REASONS)

export interface Escalation {
  readonly id: number
  readonly incident: string
  /** ISO 8601. */
  readonly at: string
  readonly level: z.infer<typeof EscalationLevel>
  readonly reason: z.infer<typeof ReasonText>
  readonly text: string
  readonly closedAt: string | null
}

export function fromRow(row: Row): Escalation {
  return {
    id: numberOf(row, 'id'),
    incident: textOf(row, 'incident'),
    at: textOf(row, 'at'),
    level: EscalationLevel.parse(row['level']),
    reason: ReasonText.parse(row['reason']),
    text: textOf(row, 'text'),
    closedAt: textOrNull(row, 'closed_at'),
  }
}
