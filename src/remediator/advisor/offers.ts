/** Owns what an advisor may choose from: single steps of the policy's ladder, and those that the policy lists for it. Pure. */
import { ladderFaults } from '../policies/ladder.ts'
import type { Policy } from '../policies/policy.ts'
import type { Step } from '../policies/steps.ts'

export interface Offer {
  /** By which the answer names it: restart, kill, command-2. */
  readonly id: string
  readonly step: Step
  /** What it does, in words. */
  readonly what: string
}

/** A step that makes sense only after others, such as moving the files of a writer that runs, is not offered. */
export function offersOf({ ladder, advisor_actions: more }: Pick<Policy, 'ladder' | 'advisor_actions'>): Offer[] {
  const seen = new Map<string, number>()
  const texts = new Set<string>()
  return [...ladder, ...more].flatMap((written) => {
    const step: Step = { ...written, from_attempt: 1 }
    const text = JSON.stringify(step)
    if (step.action === 'notify' || texts.has(text) || ladderFaults([step], 1).length > 0) return []
    texts.add(text)
    const count = (seen.get(step.action) ?? 0) + 1
    seen.set(step.action, count)
    return [{ id: count === 1 ? step.action : `${step.action}-${count}`, step, what: wordsOf(step) }]
  })
}

function wordsOf(step: Step): string {
  switch (step.action) {
    case 'kill':
      return step.tree ? 'end the process and all below it' : 'end the process'
    case 'freeze':
      return 'stop the process reversibly'
    case 'thaw':
      return 'let a stopped process go on'
    case 'restart':
      return `restart the program${step.unit === undefined ? '' : ` (${step.unit})`}`
    case 'quarantine':
      return 'move the files it made out of the way, restorably'
    case 'reap':
      return 'remind the parent to collect its dead children'
    case 'command':
      return `run ${step.argv[0]}`
    case 'notify':
    default:
      return 'tell a person'
  }
}
