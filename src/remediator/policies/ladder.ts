/** Owns the question whether a ladder can be walked at all: each step must find what the ones before it leave. */
import type { Step } from './steps.ts'

export interface LadderFault {
  /** Index of the step. */
  readonly step: number
  readonly message: string
}

/** Every reason why these steps make no sense in this order. Each attempt is looked at as it will be walked. */
export function ladderFaults(ladder: readonly Step[], attempts: number): LadderFault[] {
  const faults = new Map<string, LadderFault>()
  const add = (step: number, message: string): void => void faults.set(`${step}:${message}`, { step, message })
  for (const [index, { from_attempt: from, action }] of ladder.entries())
    if (from > attempts) add(index, `${action} joins in from attempt ${from}, but there are only ${attempts}`)
  if (!ladder.some((step) => step.from_attempt === 1)) add(0, 'the first attempt has no step: let one have from_attempt: 1')
  for (let attempt = 1; attempt <= attempts; attempt++) walk(ladder, attempt, add)
  return [...faults.values()]
}

function walk(ladder: readonly Step[], attempt: number, add: (step: number, message: string) => void): void {
  let isEnded: string | undefined
  let isFrozen = false
  let isStopped = false
  let hasQuarantined = false
  const seen: string[] = []
  for (const [index, step] of ladder.entries()) {
    if (step.from_attempt > attempt) continue
    const { action } = step
    if (['kill', 'freeze', 'thaw', 'reap'].includes(action) && isEnded !== undefined)
      add(index, `${action} after ${isEnded}: the process is no longer there`)
    if (action === 'restart' && isEnded === 'restart') add(index, 'restart after restart: one is enough for an attempt')
    if (action === 'freeze' && isFrozen) add(index, 'freeze after freeze: it is frozen already')
    if (action === 'thaw' && !isFrozen) add(index, 'thaw without freeze before it: nothing is frozen')
    if (action === 'quarantine' && !isStopped)
      add(index, 'quarantine while the writer runs: let kill or freeze come first, or it goes on writing')
    if (action === 'quarantine' && hasQuarantined) add(index, 'quarantine after quarantine: the files are gone already')
    if (seen.at(-1) === 'notify') add(index, `${action} after notify: notify tells how it ended, so it is the last step`)
    if (action === 'restart' && isFrozen) add(index, 'restart of a frozen process: it could not end by itself; thaw or kill it first')
    if (action === 'kill' || action === 'restart') isEnded = action
    if (action === 'freeze' || action === 'thaw') isFrozen = action === 'freeze'
    if (action === 'kill') isFrozen = false
    if (action === 'kill' || action === 'freeze') isStopped = true
    if (action === 'thaw' || action === 'restart') isStopped = false
    if (action === 'quarantine') hasQuarantined = true
    seen.push(action)
  }
}
