/** Owns the row of an intent. */
import type { BootMoment } from '../../../lib/clock.ts'
import type { Database } from '../database.ts'
import type { NewIntent } from './intent.ts'

/** Returns the intent's id. Call it in the transaction that decided for it. */
export function insertIntent(database: Database, intent: NewIntent, isCounted: boolean, now: BootMoment): number {
  return database.run(
    `INSERT INTO intents (incident, action, cooldown_key, policy, target_key, pid, start_ticks, attempt, step, counted, boot_id, boot_ms, at)
     VALUES ($incident, $action, $cooldownKey, $policy, $targetKey, $pid, $startTicks, $attempt, $step, $counted, $bootId, $bootMs, $at)`,
    {
      ...intent,
      pid: intent.pid ?? 0,
      startTicks: intent.startTicks ?? 0,
      counted: isCounted ? 1 : 0,
      bootId: now.bootId,
      bootMs: now.ms,
    },
  ).lastId
}
