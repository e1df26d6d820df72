/** Owns listing the targets that cool down. */
import type { BootMoment } from '../../../lib/clock.ts'
import type { Database } from '../database.ts'
import { numberOf, textOf } from '../row.ts'

export interface ActiveCooldown {
  readonly key: string
  readonly remainingMs: number
  readonly durationMs: number
}

const LISTED_MAX = 1_000

/** The longest first. */
export function listCooldowns(database: Database, now: BootMoment): ActiveCooldown[] {
  const sql = `SELECT cooldown_key, from_boot_ms, until_boot_ms FROM cooldowns
    WHERE boot_id = $bootId AND until_boot_ms > $nowMs ORDER BY until_boot_ms DESC LIMIT ${LISTED_MAX}`
  return database.all(sql, { bootId: now.bootId, nowMs: now.ms }).map((row) => ({
    key: textOf(row, 'cooldown_key'),
    remainingMs: numberOf(row, 'until_boot_ms') - now.ms,
    durationMs: numberOf(row, 'until_boot_ms') - numberOf(row, 'from_boot_ms'),
  }))
}
