/** Owns the question whether a cap speaks against another attempt. Writes nothing. */
import type { BootMoment } from '../../../lib/clock.ts'
import type { Database } from '../database.ts'
import { countAttempts } from './count-attempts.ts'
import type { CapReached, CapRules, CapScope, NewIntent } from './intent.ts'

const SCOPES: readonly CapScope[] = ['target', 'policy', 'host']

/** The first cap that is reached, from the narrowest to the widest, or undefined. */
export function capReached(
  database: Database,
  { cooldownKey, policy }: Pick<NewIntent, 'cooldownKey' | 'policy'>,
  caps: CapRules,
  now: BootMoment,
): CapReached | undefined {
  const by = {
    target: { column: 'key', value: cooldownKey },
    policy: { column: 'policy', value: policy },
    host: { column: 'host', value: '' },
  } as const
  for (const cap of SCOPES) {
    const rule = caps[cap]
    if (!rule) continue
    const { count, oldestBootMs } = countAttempts(database, by[cap], now.ms - rule.windowMs, now)
    if (count >= rule.max) return { cap, remainingMs: Math.max(0, oldestBootMs + rule.windowMs - now.ms) }
  }
  return undefined
}
