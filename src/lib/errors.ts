/** Owns the error classes: operational failures that carry a closed reason, and assertions for impossible states. */

export interface OperationalErrorOptions {
  /** One word from a closed set; it is also the metric label. */
  readonly reason: string
  /** Whether the same call may succeed later without a person doing anything. */
  readonly retryable?: boolean
  readonly cause?: unknown
}

/** Something in the world failed (a file, a port, a peer). Logged once, where it is handled. */
export class OperationalError extends Error {
  readonly reason: string
  readonly retryable: boolean

  constructor(message: string, options: OperationalErrorOptions) {
    super(message, { cause: options.cause })
    this.name = 'OperationalError'
    this.reason = options.reason
    this.retryable = options.retryable ?? false
  }
}

/** A person's mistake on the command line or in a file: shown as one clear sentence, exit code 1, no stack. */
export class UsageError extends OperationalError {
  constructor(message: string, cause?: unknown) {
    super(message, { reason: 'usage', cause })
    this.name = 'UsageError'
  }
}

/** Throws when a state that the code rules out is reached. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`)
}

/** The message of anything thrown, in one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replaceAll(/\s+/g, ' ').trim()
}

/** The errno code (`ENOENT`, `EADDRINUSE`, ...) of a system error, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
