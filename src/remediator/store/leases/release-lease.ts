/** Owns leaving the work to another remediator. */
import type { Database } from '../database.ts'
import { LEASE_NAME } from './read-lease.ts'

/** Gives the lease up, if it is this holder's. */
export function releaseLease(database: Database, holder: string): void {
  database.run('DELETE FROM leases WHERE name = $name AND holder = $holder', { name: LEASE_NAME, holder })
}
