/** Owns how a policy's ladder is put into words, and which of its actions stands for the whole. */
import type { ActionName } from '../model.ts'
import type { Step } from './steps.ts'

/** From the most to the least that can happen to a target. */
const WEIGHT: readonly ActionName[] = ['kill', 'restart', 'quarantine', 'reap', 'command', 'freeze', 'thaw', 'notify']

/** The steps of one attempt. */
export function stepsOf(ladder: readonly Step[], attempt: number): readonly Step[] {
  return ladder.filter((step) => step.from_attempt <= attempt)
}

/** What an incident's `action` says of a ladder. */
export function mainAction(ladder: readonly Step[], attempt = 1): ActionName {
  const names = new Set(stepsOf(ladder, attempt).map((step) => step.action))
  return WEIGHT.find((name) => names.has(name)) ?? 'notify'
}

/** `freeze, then kill`, for people: ladders that differ in their settings read alike, so nothing may be decided by it. */
export function ladderText(ladder: readonly Step[], attempt = 1): string {
  return stepsOf(ladder, attempt)
    .map((step) => (step.action === 'command' ? `run ${step.argv[0]} for` : step.action))
    .join(', then ')
}
