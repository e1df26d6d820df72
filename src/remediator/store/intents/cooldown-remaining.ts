/** Owns the question how long a target still cools down. */
import type { BootMoment } from '../../../lib/clock.ts'
import type { Database } from '../database.ts'

/** Milliseconds until the key may be acted upon again; 0 when it may. */
export function cooldownRemainingMs(database: Database, key: string, now: BootMoment): number {
  const row = database.get('SELECT until_boot_ms FROM cooldowns WHERE cooldown_key = $key AND boot_id = $bootId', {
    key,
    bootId: now.bootId,
  })
  return row ? Math.max(0, Number(row['until_boot_ms']) - now.ms) : 0
}
