/** Owns noticing that what a person is asked about has ended meanwhile: the question is then looked at again, and ends. */
import type { Clock } from '../lib/clock.ts'
import { isAlive } from '../lib/linux/proc-stat.ts'
import type { Holder } from './actions/held-processes.ts'
import type { Database } from './store/database.ts'
import { listOpenApprovals, type Approval } from './store/approvals.ts'
import { updateIncident } from './store/incidents.ts'

export interface VanishedTargetsOptions {
  readonly database: Database
  readonly clock: Clock
  readonly holder: Pick<Holder, 'stateOf'>
}

/** A person who answers in the very moment in which the process ends is still heard, and told what became of it. */
const GRACE_MS = 10_000
const LOOK_EVERY_MS = 1_000

/** Call it often. */
export function createVanishedTargets({ database, clock, holder }: VanishedTargetsOptions): () => void {
  let lookAtMs = 0
  let goneSince = new Map<number, number>()
  return () => {
    const { ms: nowMs, bootId } = clock.boot()
    if (nowMs < lookAtMs) return
    lookAtMs = nowMs + LOOK_EVERY_MS
    const still = new Map<number, number>()
    for (const approval of listOpenApprovals(database)) {
      const process = processOf(approval)
      if (!process || (approval.bootId === bootId && isAlive(holder.stateOf(process)))) continue
      const since = goneSince.get(approval.id) ?? nowMs
      if (nowMs - since >= GRACE_MS) updateIncident(database, approval.incident, { nextAtMs: clock.nowMs() })
      else still.set(approval.id, since)
    }
    goneSince = still
  }
}

function processOf({ targetKey }: Approval): { readonly pid: number; readonly startTicks: number } | undefined {
  const match = /^process:(\d+):(\d+)$/.exec(targetKey)
  return match ? { pid: Number(match[1]), startTicks: Number(match[2]) } : undefined
}
