/** Owns giving people time to answer after nobody could: questions that were asked before no remediator ran stay open for a while. */
import type { Foundation } from './foundation.ts'
import { extendApprovals } from './store/approvals.ts'

const ANSWER_MARGIN_MS = 120_000

/** Nobody could answer while no remediator ran: whoever was asked before gets some time still. */
export function giveTimeToAnswer({ database, journal, clock }: Foundation, expireMs: number): void {
  const untilMs = clock.nowMs() + Math.min(ANSWER_MARGIN_MS, expireMs)
  const count = extendApprovals(database, untilMs)
  if (count === 0) return
  journal.record(
    'approvals.extended',
    null,
    `${count} questions can be answered until ${new Date(untilMs).toISOString()}: no remediator ran meanwhile.`,
    { count },
  )
  journal.flush()
}
