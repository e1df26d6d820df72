/** Owns going from one step of an attempt to the next. */
import type { BootMoment } from '../../../lib/clock.ts'
import type { Outcome } from '../../model.ts'
import type { Database } from '../database.ts'
import { concludeIntent } from './conclude-intent.ts'
import { insertIntent } from './insert-intent.ts'
import type { NewIntent } from './intent.ts'

/** Concludes the previous step's intent and opens the next one's, both or neither. Neither cooldown nor caps count it. */
export function continueIntent(database: Database, previousId: number, outcome: Outcome, intent: NewIntent, now: BootMoment): number {
  return database.transaction(() => {
    concludeIntent(database, previousId, outcome, intent.at)
    return insertIntent(database, intent, false, now)
  })
}
