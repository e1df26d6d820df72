/** Owns finding the intent that an interrupted run left open. */
import { z } from 'zod'
import { ACTIONS } from '../../model.ts'
import type { Database } from '../database.ts'
import { numberOf, textOf } from '../row.ts'
import type { OpenIntent } from './intent.ts'

const Action = z.enum(ACTIONS)

/** The intent of this incident that has no outcome: an earlier run ended in the middle of the action. */
export function openIntentOf(database: Database, incident: string): OpenIntent | undefined {
  const row = database.get('SELECT * FROM intents WHERE incident = $incident AND outcome IS NULL ORDER BY id DESC LIMIT 1', { incident })
  if (!row) return undefined
  const pid = numberOf(row, 'pid')
  return {
    id: numberOf(row, 'id'),
    incident,
    action: Action.parse(row['action']),
    cooldownKey: textOf(row, 'cooldown_key'),
    policy: textOf(row, 'policy'),
    targetKey: textOf(row, 'target_key'),
    pid: pid === 0 ? null : pid,
    startTicks: pid === 0 ? null : numberOf(row, 'start_ticks'),
    attempt: numberOf(row, 'attempt'),
    step: numberOf(row, 'step'),
    bootId: textOf(row, 'boot_id'),
    bootMs: numberOf(row, 'boot_ms'),
    at: textOf(row, 'at'),
  }
}
