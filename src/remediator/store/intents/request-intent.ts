/** Owns writing an intent, unless the cooldown or another action on the same process speaks against it. */
import type { BootMoment } from '../../../lib/clock.ts'
import type { Database } from '../database.ts'
import { cooldownRemainingMs } from './cooldown-remaining.ts'
import type { CooldownRule, IntentGrant, NewIntent } from './intent.ts'

/**
 * Writes the intent unless the target cools down or is being acted upon. Runs in one immediate transaction, so that several
 * remediators on one store agree. Attempts of an earlier boot do not count: the boot clock began anew.
 */
export function requestIntent(database: Database, intent: NewIntent, rule: CooldownRule, now: BootMoment): IntentGrant {
  return database.transaction((): IntentGrant => {
    const remainingMs = cooldownRemainingMs(database, intent.cooldownKey, now)
    if (remainingMs > 0) return { granted: false, why: 'cooldown', remainingMs, freshly: false }
    if (isOpen(database, intent, now.bootId)) return { granted: false, why: 'busy' }
    if (attemptsInWindow(database, intent.cooldownKey, rule, now) >= rule.max) {
      database.run(
        'INSERT OR REPLACE INTO cooldowns (cooldown_key, boot_id, from_boot_ms, until_boot_ms) VALUES ($key, $bootId, $from, $until)',
        { key: intent.cooldownKey, bootId: now.bootId, from: now.ms, until: now.ms + rule.durationMs },
      )
      return { granted: false, why: 'cooldown', remainingMs: rule.durationMs, freshly: true }
    }
    const { lastId } = database.run(
      `INSERT INTO intents (incident, action, cooldown_key, pid, start_ticks, boot_id, boot_ms, at)
       VALUES ($incident, $action, $cooldownKey, $pid, $startTicks, $bootId, $bootMs, $at)`,
      { ...intent, bootId: now.bootId, bootMs: now.ms },
    )
    return { granted: true, intentId: lastId }
  })
}

/** Counters begin anew when a cooldown ends: only attempts since then, and within the window, count. */
function attemptsInWindow(database: Database, key: string, rule: CooldownRule, now: BootMoment): number {
  const ended = database.get('SELECT until_boot_ms FROM cooldowns WHERE cooldown_key = $key AND boot_id = $bootId', {
    key,
    bootId: now.bootId,
  })
  const since = Math.max(now.ms - rule.windowMs, Number(ended?.['until_boot_ms'] ?? 0))
  const row = database.get('SELECT count(*) AS n FROM intents WHERE cooldown_key = $key AND boot_id = $bootId AND boot_ms > $since', {
    key,
    bootId: now.bootId,
    since,
  })
  return Number(row?.['n'] ?? 0)
}

function isOpen(database: Database, intent: NewIntent, bootId: string): boolean {
  return (
    database.get('SELECT 1 FROM intents WHERE pid = $pid AND start_ticks = $startTicks AND boot_id = $bootId AND outcome IS NULL', {
      pid: intent.pid,
      startTicks: intent.startTicks,
      bootId,
    }) !== undefined
  )
}
