/** Owns becoming, and staying, the one of several remediators that works. */
import type { BootMoment } from '../../../lib/clock.ts'
import type { Database } from '../database.ts'
import { LEASE_NAME, readLease, type Lease, type LeaseProcess } from './read-lease.ts'

/**
 * Takes or renews the lease for `ttlMs`, unless another holds it and `isAbandoned` does not say otherwise. Returns the one
 * who holds it now. One immediate transaction: of several that try, one succeeds.
 */
export function takeLease(
  database: Database,
  own: { readonly holder: string; readonly process: LeaseProcess; readonly ttlMs: number },
  isAbandoned: (lease: Lease) => boolean,
  now: BootMoment,
): string {
  return database.transaction(() => {
    const held = readLease(database)
    const isTaken = held !== undefined && held.holder !== own.holder && !isAbandoned(held)
    if (isTaken) return held.holder
    database.run(
      `INSERT INTO leases (name, holder, process, boot_id, until_boot_ms) VALUES ($name, $holder, $process, $bootId, $until)
       ON CONFLICT (name) DO UPDATE SET holder = $holder, process = $process, boot_id = $bootId, until_boot_ms = $until`,
      { name: LEASE_NAME, holder: own.holder, process: JSON.stringify(own.process), bootId: now.bootId, until: now.ms + own.ttlMs },
    )
    return own.holder
  })
}
