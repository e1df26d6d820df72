/** Owns knowing a parent that does not bury its dead children. */
import { numberOf, subjectOf } from '../case.ts'
import { fact, required } from '../condition.ts'
import { firstOf, lastOf, shareOf, spanSeconds, within } from '../curve.ts'
import { FIGURES } from '../figures.ts'
import type { DiagnosisRule } from '../rule.ts'
import { amount, duration } from '../words.ts'

const { count: countMin, share: shareMin, spanSeconds: spanMin } = FIGURES.zombies
const WINDOW_SECONDS = 600

export const zombieParent: DiagnosisRule = {
  name: 'zombie_parent',
  rootCause: 'a parent that does not ask what became of its children',
  isCritical: false,
  action: 'reap',
  alerts: ['ZombieProcesses'],
  examine: (subject) => {
    const zombies = within(subject.program.get('processes{zombie}') ?? [], subject.nowSeconds - WINDOW_SECONDS)
    const dead = zombies.slice(zombies.findIndex(([, value]) => value > 0))
    const told = subject.alert.name === 'ZombieProcesses' ? numberOf(subject.alert.annotations['current']) : undefined
    const now = lastOf(dead) ?? told
    if (now === undefined || now === 0) return undefined
    const share = shareOf(dead, (value) => value > 0)
    return {
      conditions: [
        required(now, '>=', countMin, (value) => `${amount(value)} of its processes have ended and were not buried.`, ''),
        required(spanSeconds(dead), '>=', spanMin, (value) => `They have been so for ${duration(value)}.`, ''),
        fact(share === undefined ? undefined : share >= shareMin, 'They were there at every look.'),
        fact(dead.length < 2 ? undefined : now >= (firstOf(dead) ?? 0), 'They do not become fewer.'),
      ],
      explanation: `${amount(now)} processes of ${subjectOf(subject)} have ended, and their parent has not asked for them for ${duration(spanSeconds(dead))}: it has forgotten about its children. Each keeps a place in the table of processes.`,
    }
  },
}
