/** Owns how a hold, a process stopped by SIGSTOP, lies in the store. Runs no SQL. */
import { z } from 'zod'
import { numberOf, textOf, type Row } from '../row.ts'

/** waiting: stopped while a person is asked. action: stopped because a policy says so. */
export const HoldKind = z.enum(['waiting', 'action'])

export interface Hold {
  readonly id: number
  readonly incident: string
  readonly kind: z.infer<typeof HoldKind>
  readonly group: string
  readonly pid: number
  readonly startTicks: number
  readonly bootId: string
  readonly at: string
}

export function fromRow(row: Row): Hold {
  return {
    id: numberOf(row, 'id'),
    incident: textOf(row, 'incident'),
    kind: HoldKind.parse(row['kind']),
    group: textOf(row, 'program'),
    pid: numberOf(row, 'pid'),
    startTicks: numberOf(row, 'start_ticks'),
    bootId: textOf(row, 'boot_id'),
    at: textOf(row, 'at'),
  }
}
