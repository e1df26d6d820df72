/** Owns forgetting a cooldown that is over, and the attempts that led to it. */
import type { BootMoment } from '../../../lib/clock.ts'
import type { Database } from '../database.ts'

/**
 * After the first success that follows a cooldown the counting begins anew: nothing before `now` counts. Without a cooldown
 * nothing changes, nor at later successes: else a program that keeps failing and coming back would never cool down again.
 */
export function resetCooldown(database: Database, cooldownKey: string, now: BootMoment): void {
  database.run(
    `UPDATE cooldowns SET from_boot_ms = $nowMs, until_boot_ms = $nowMs
     WHERE cooldown_key = $cooldownKey AND boot_id = $bootId AND until_boot_ms <= $nowMs AND from_boot_ms < until_boot_ms`,
    { cooldownKey, bootId: now.bootId, nowMs: now.ms },
  )
}
