/** Owns counting the targets that cool down. */
import type { BootMoment } from '../../../lib/clock.ts'
import type { Database } from '../database.ts'

export function activeCooldowns(database: Database, now: BootMoment): number {
  const row = database.get('SELECT count(*) AS n FROM cooldowns WHERE boot_id = $bootId AND until_boot_ms > $nowMs', {
    bootId: now.bootId,
    nowMs: now.ms,
  })
  return Number(row?.['n'] ?? 0)
}
