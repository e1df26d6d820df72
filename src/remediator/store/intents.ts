/** Owns intents (written before an action, concluded after) and the cooldown that counts them on the boot clock. */
import { z } from 'zod'
import type { BootMoment } from '../../lib/clock.ts'
import { ACTIONS, type ActionName, type Outcome } from '../model.ts'
import type { Database } from './database.ts'
import { numberOf, textOf } from './row.ts'

const Action = z.enum(ACTIONS)

export interface CooldownRule {
  /** More attempts than this within the window start a cooldown. */
  readonly max: number
  readonly windowMs: number
  readonly durationMs: number
}

export interface NewIntent {
  readonly incident: string
  readonly action: ActionName
  /** What the cooldown counts by: the program, not the pid, which is new after each restart. */
  readonly cooldownKey: string
  readonly pid: number
  readonly startTicks: number
  readonly at: string
}

export interface OpenIntent extends NewIntent {
  readonly id: number
  readonly bootId: string
  readonly bootMs: number
}

export type IntentGrant =
  | { readonly granted: true; readonly intentId: number }
  /** The target cools down; `freshly` when this very attempt began it. */
  | { readonly granted: false; readonly why: 'cooldown'; readonly remainingMs: number; readonly freshly: boolean }
  /** Another incident is acting on the same process right now. */
  | { readonly granted: false; readonly why: 'busy' }

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

/** Milliseconds until the key may be acted upon again; 0 when it may. */
export function cooldownRemainingMs(database: Database, key: string, now: BootMoment): number {
  const row = database.get('SELECT until_boot_ms FROM cooldowns WHERE cooldown_key = $key AND boot_id = $bootId', {
    key,
    bootId: now.bootId,
  })
  return row ? Math.max(0, Number(row['until_boot_ms']) - now.ms) : 0
}

export function activeCooldowns(database: Database, now: BootMoment): number {
  const row = database.get('SELECT count(*) AS n FROM cooldowns WHERE boot_id = $bootId AND until_boot_ms > $nowMs', {
    bootId: now.bootId,
    nowMs: now.ms,
  })
  return Number(row?.['n'] ?? 0)
}

export function concludeIntent(database: Database, id: number, outcome: Outcome | 'interrupted', concludedAt: string): void {
  database.run('UPDATE intents SET outcome = $outcome, concluded_at = $concludedAt WHERE id = $id AND outcome IS NULL', {
    id,
    outcome,
    concludedAt,
  })
}

/** The intent of this incident that has no outcome: an earlier run ended in the middle of the action. */
export function openIntentOf(database: Database, incident: string): OpenIntent | undefined {
  const row = database.get('SELECT * FROM intents WHERE incident = $incident AND outcome IS NULL ORDER BY id DESC LIMIT 1', { incident })
  return (
    row && {
      id: numberOf(row, 'id'),
      incident,
      action: Action.parse(row['action']),
      cooldownKey: textOf(row, 'cooldown_key'),
      pid: numberOf(row, 'pid'),
      startTicks: numberOf(row, 'start_ticks'),
      bootId: textOf(row, 'boot_id'),
      bootMs: numberOf(row, 'boot_ms'),
      at: textOf(row, 'at'),
    }
  )
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
