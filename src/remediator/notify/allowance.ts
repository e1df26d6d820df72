/** Owns how many mails an hour may have: whether the next goes by itself, is held back, or all that is held back goes as one. */
import type { WaitingRecipient } from '../store/outbox.ts'
import type { MailSettings } from './mail-settings.ts'

export const HOUR_MS = 3_600_000

export interface SentLately {
  /** Within the last hour. */
  readonly sentToOne: number
  readonly sentToAll: number
  /** For so many recipients mails wait: each is to get a digest from what is left for all. */
  readonly recipients: number
  readonly nowMs: number
}

/**
 * The last mail of an hour's allowance is kept for a digest, so that whatever is held back is told within minutes and not only in
 * an hour. What is held back alone goes as it is: a digest of one.
 */
export function allowanceFor(
  { due, held, heldSinceMs, hasDigest }: WaitingRecipient,
  { sentToOne, sentToAll, recipients, nowMs }: SentLately,
  { maxPerHour, maxPerHourPerRecipient, digestMs }: Pick<MailSettings, 'maxPerHour' | 'maxPerHourPerRecipient' | 'digestMs'>,
): 'send' | 'hold' | 'digest' {
  const leftForOne = maxPerHourPerRecipient - sentToOne
  const leftForAll = maxPerHour - sentToAll
  if (hasDigest) return 'hold'
  if (held === 0 && leftForOne > 1 && leftForAll > recipients) return 'send'
  if (held === 0 || leftForOne < 1 || leftForAll < 1) return 'hold'
  // A wall clock that was set back must not keep a digest back.
  const isCollected = heldSinceMs === null || nowMs - heldSinceMs >= digestMs || heldSinceMs > nowMs
  if (!isCollected) return 'hold'
  return due === 1 ? 'send' : 'digest'
}
