/** Owns forgetting a cooldown that is over, and the attempts that led to it. */
import type { BootMoment } from '../../../lib/clock.ts'
import type { Database } from '../database.ts'

/** After a success that followed a cooldown the counting begins anew: nothing before `now` counts. Without a cooldown nothing changes. */
export function resetCooldown(database: Database, cooldownKey: string, now: BootMoment): void {
  database.run(
    'UPDATE cooldowns SET until_boot_ms = $nowMs WHERE cooldown_key = $cooldownKey AND boot_id = $bootId AND until_boot_ms <= $nowMs',
    { cooldownKey, bootId: now.bootId, nowMs: now.ms },
  )
}
