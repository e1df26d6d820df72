/** Owns writing an intent, unless the cooldown, another action on the same target or a cap speaks against it. */
import type { BootMoment } from '../../../lib/clock.ts'
import type { Database } from '../database.ts'
import { capReached } from './cap-reached.ts'
import { cooldownRemainingMs } from './cooldown-remaining.ts'
import { countAttempts } from './count-attempts.ts'
import { insertIntent } from './insert-intent.ts'
import type { CapRules, CooldownRule, IntentGrant, NewIntent } from './intent.ts'

/**
 * One immediate transaction, so that several remediators on one store agree. Attempts of an earlier boot do not count: the
 * boot clock began anew.
 */
export function requestIntent(database: Database, intent: NewIntent, rule: CooldownRule, caps: CapRules, now: BootMoment): IntentGrant {
  return database.transaction((): IntentGrant => {
    const remainingMs = cooldownRemainingMs(database, intent.cooldownKey, now)
    if (remainingMs > 0) return { granted: false, why: 'cooldown', remainingMs, freshly: false }
    if (isOpen(database, intent.targetKey, now.bootId)) return { granted: false, why: 'busy' }
    const reached = capReached(database, intent, caps, now)
    if (reached) return { granted: false, why: 'cap', ...reached }
    if (attemptsInWindow(database, intent.cooldownKey, rule, now) >= rule.max) {
      database.run(
        'INSERT OR REPLACE INTO cooldowns (cooldown_key, boot_id, from_boot_ms, until_boot_ms) VALUES ($key, $bootId, $from, $until)',
        { key: intent.cooldownKey, bootId: now.bootId, from: now.ms, until: now.ms + rule.durationMs },
      )
      return { granted: false, why: 'cooldown', remainingMs: rule.durationMs, freshly: true }
    }
    return { granted: true, intentId: insertIntent(database, intent, true, now) }
  })
}

/** Counters begin anew when a cooldown ends: only attempts since then, and within the window, count. */
function attemptsInWindow(database: Database, key: string, rule: CooldownRule, now: BootMoment): number {
  const ended = database.get('SELECT until_boot_ms FROM cooldowns WHERE cooldown_key = $key AND boot_id = $bootId', {
    key,
    bootId: now.bootId,
  })
  const since = Math.max(now.ms - rule.windowMs, Number(ended?.['until_boot_ms'] ?? 0))
  return countAttempts(database, { column: 'key', value: key }, since, now).count
}

function isOpen(database: Database, targetKey: string, bootId: string): boolean {
  const sql = 'SELECT 1 FROM intents WHERE target_key = $targetKey AND boot_id = $bootId AND outcome IS NULL'
  return database.get(sql, { targetKey, bootId }) !== undefined
}
