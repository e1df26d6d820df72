/** Owns counting attempts on the boot clock. */
import type { BootMoment } from '../../../lib/clock.ts'
import type { Database } from '../database.ts'
import { numberOf } from '../row.ts'

export interface AttemptCount {
  readonly count: number
  /** Boot milliseconds of the oldest one counted, 0 when there is none. */
  readonly oldestBootMs: number
}

const WHERE = {
  key: 'cooldown_key = $value AND',
  policy: 'policy = $value AND',
  host: '$value IS NOT NULL AND',
} as const

/** Attempts of this boot after `sinceBootMs`; later steps of an attempt do not count. */
export function countAttempts(
  database: Database,
  by: { readonly column: keyof typeof WHERE; readonly value: string },
  sinceBootMs: number,
  now: BootMoment,
): AttemptCount {
  const row = database.get(
    `SELECT count(*) AS n, coalesce(min(boot_ms), 0) AS oldest FROM intents
     WHERE ${WHERE[by.column]} boot_id = $bootId AND boot_ms > $sinceBootMs AND counted = 1`,
    { value: by.value, bootId: now.bootId, sinceBootMs },
  )
  return row ? { count: numberOf(row, 'n'), oldestBootMs: numberOf(row, 'oldest') } : { count: 0, oldestBootMs: 0 }
}
