/** Owns the last entry of a run. A store that cannot be written must not keep the process from ending. */
import { OperationalError, messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import type { Journal } from './audit/journal.ts'

export function recordStop(journal: Journal, log: Logger): void {
  try {
    journal.record('stopped', null, 'procwarden stopped.')
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    log.warn('The stop could not be recorded', { error: messageOf(error) })
  }
}
