/** Owns the metrics of a store, and what a corrupt store means besides being counted. */
import type { Clock } from '../lib/clock.ts'
import { readVersion } from '../lib/version.ts'
import { createMetrics, type RemediatorMetrics } from './metrics.ts'
import type { Store } from './open-store.ts'

export function measure({ database, auditIsIntact, wasSetAside }: Store, clock: Clock, onFailed: (why: string) => void): RemediatorMetrics {
  const metrics = createMetrics(database, clock, readVersion())
  metrics.auditIntact(auditIsIntact)
  if (wasSetAside) metrics.storeFailed('corrupt')
  return {
    ...metrics,
    storeFailed: (reason) => {
      metrics.storeFailed(reason)
      if (reason === 'corrupt') onFailed('the store is corrupt; the next start sets it aside')
    },
  }
}
