/** Owns how an escalation lies in the store. Runs no SQL. */
import { z } from 'zod'
import { REASONS } from '../../model.ts'
import { How } from '../approvals/approval-row.ts'
import { numberOf, numberOrNull, textOf, textOrNull, type Row } from '../row.ts'

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
  /** Who acknowledged it, and by which way. */
  readonly closedBy: string | null
  readonly closedHow: How | null
}

/** What only the telling of it needs to know. */
export interface HumanAlert extends Escalation {
  /** How often people have been told. */
  readonly told: number
  readonly nextAtMs: number | null
  /** Name of its file in the state folder; null before it is written. */
  readonly file: string | null
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
    closedBy: textOrNull(row, 'closed_by'),
    closedHow: How.nullable().parse(row['closed_how']),
  }
}

export function humanAlertFromRow(row: Row): HumanAlert {
  return { ...fromRow(row), told: numberOf(row, 'told'), nextAtMs: numberOrNull(row, 'next_at_ms'), file: textOrNull(row, 'file') }
}
