/** Owns the exit codes of the command line that a script can tell apart; docs/cli.md lists them. */
import { UsageError } from '../lib/errors.ts'

export const EXIT_FAILED = 1
/** 2 is what shells and their built-ins use for themselves. */
export const EXIT_NOT_WAITING = 3

/** What was to be answered does not wait for an answer, or no longer: somebody else was quicker, or it is over. */
export class NotWaitingError extends UsageError {}

export function exitCodeOf(error: unknown): number {
  return error instanceof NotWaitingError ? EXIT_NOT_WAITING : EXIT_FAILED
}
