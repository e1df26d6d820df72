/** Owns reading the lease: which of several remediators works, and by when it must have said so again. */
import { z } from 'zod'
import type { Database } from '../database.ts'
import { numberOf, textOf } from '../row.ts'

/** Who holds a lease, for others in the same process namespace to see whether it still runs. */
export const LeaseProcess = z.object({ pid: z.number(), startTicks: z.number(), pidNamespace: z.string() })
export type LeaseProcess = z.infer<typeof LeaseProcess>

export interface Lease {
  /** Unique to one start of one remediator. */
  readonly holder: string
  readonly process: LeaseProcess | undefined
  readonly bootId: string
  readonly untilBootMs: number
}

/** There is one kind of work. */
export const LEASE_NAME = 'worker'

/** The lease as it stands, whether or not it has run out. */
export function readLease(database: Database): Lease | undefined {
  const row = database.get('SELECT * FROM leases WHERE name = $name', { name: LEASE_NAME })
  return (
    row && {
      holder: textOf(row, 'holder'),
      process: parseProcess(textOf(row, 'process')),
      bootId: textOf(row, 'boot_id'),
      untilBootMs: numberOf(row, 'until_boot_ms'),
    }
  )
}

function parseProcess(text: string): LeaseProcess | undefined {
  try {
    return LeaseProcess.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
