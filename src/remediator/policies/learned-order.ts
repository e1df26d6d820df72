/**
 * Owns ordering a ladder by what helped before: what helped more often against this diagnosis comes first. It changes places only, and
 * only among actions with enough of a record; it never adds one, and never makes an order that the rules for ladders forbid. Pure.
 */
import { ladderFaults } from './ladder.ts'
import type { Policy } from './policy.ts'
import type { Step } from './steps.ts'

export interface ActionRecord {
  readonly attempts: number
  readonly helped: number
}

export interface LearnedOrder {
  /** Indexes into the ladder as it is written. */
  readonly steps: readonly number[]
  /** A sentence for people. */
  readonly reason: string
}

/** With fewer outcomes nothing is learned of an action. */
const OUTCOMES_MIN = 5
/** They only make sense where they stand: they prepare or tell what the others do. */
const FIXED: ReadonlySet<Step['action']> = new Set(['freeze', 'thaw', 'notify'])

export function learnedOrder(
  { ladder, attempts }: Pick<Policy, 'ladder' | 'attempts'>,
  diagnosis: string,
  records: ReadonlyMap<string, ActionRecord>,
): LearnedOrder {
  const written = ladder.map((_step, index) => index)
  const movable = written.filter((index) => isKnown(ladder[index], records))
  const against = `against ${diagnosis.replaceAll('_', ' ')}`
  if (movable.length < 2) {
    return {
      steps: written,
      reason: `The ladder is walked as written: fewer than two of its actions have ${OUTCOMES_MIN} outcomes ${against}.`,
    }
  }
  const best = movable.toSorted((a, b) => rateOf(ladder[b], records) - rateOf(ladder[a], records) || a - b)
  const steps = written.map((index) => {
    const at = movable.indexOf(index)
    return at < 0 ? index : (best[at] ?? index)
  })
  const record = best.map((index) => recordText(ladder[index], records)).join(', ')
  if (steps.every((index, at) => index === at))
    return { steps, reason: `The ladder is walked as written, which is also what helped most ${against}: ${record}.` }
  if (ladderFaults(inOrder(ladder, steps), attempts).length > 0)
    return {
      steps: written,
      reason: `The ladder is walked as written: in the order of what helped most ${against} (${record}) its steps make no sense.`,
    }
  return { steps, reason: `What helped more often ${against} comes first: ${record}.` }
}

/** The steps change places; from which attempt on each place joins in stays. */
export function inOrder(ladder: readonly Step[], steps: readonly number[]): readonly Step[] {
  return ladder.map((place, at) => {
    const step = ladder[steps[at] ?? at] ?? place
    return { ...step, from_attempt: place.from_attempt }
  })
}

function isKnown(step: Step | undefined, records: ReadonlyMap<string, ActionRecord>): boolean {
  return step !== undefined && !FIXED.has(step.action) && (records.get(step.action)?.attempts ?? 0) >= OUTCOMES_MIN
}

function rateOf(step: Step | undefined, records: ReadonlyMap<string, ActionRecord>): number {
  const record = step && records.get(step.action)
  return record === undefined || record.attempts === 0 ? 0 : record.helped / record.attempts
}

function recordText(step: Step | undefined, records: ReadonlyMap<string, ActionRecord>): string {
  const record = step && records.get(step.action)
  return `${step?.action ?? ''} helped in ${record?.helped ?? 0} of ${record?.attempts ?? 0}`
}
