/** Owns knowing a process whose children have children of their own, faster than they end. */
import { numberOf, subjectOf } from '../case.ts'
import { fact, required, supporting } from '../condition.ts'
import { highest, lastOf, lowest, within } from '../curve.ts'
import { FIGURES } from '../figures.ts'
import type { DiagnosisRule } from '../rule.ts'
import { amount, duration } from '../words.ts'

const { processes: processesMin, windowSeconds } = FIGURES.brood

export const forkBomb: DiagnosisRule = {
  name: 'fork_bomb',
  rootCause: 'a fork bomb',
  isCritical: true,
  action: 'kill',
  alerts: ['ForkBomb'],
  examine: (subject) => {
    const brood = within(subject.process.get('brood') ?? [], subject.nowSeconds - windowSeconds)
    const told = subject.alert.name === 'ForkBomb' ? numberOf(subject.alert.annotations['current']) : undefined
    const most = Math.max(highest(brood) ?? 0, told ?? 0)
    if (brood.length === 0 && told === undefined) return undefined
    const started = lastOf(subject.process.get('start_time_seconds') ?? [])
    const age = started === undefined ? undefined : subject.nowSeconds - started
    const least = age !== undefined && age < windowSeconds ? 0 : (lowest(brood) ?? most)
    const gained = most - least
    const seconds = Math.max(1, Math.min(windowSeconds, age ?? windowSeconds))
    return {
      conditions: [
        required(most, '>=', processesMin, (value) => `It has had ${amount(value)} living descendants of its own making.`, ''),
        required(gained, '>=', processesMin, (value) => `${amount(value)} of them came within ${duration(seconds)}.`, ''),
        supporting(age, '<=', 3_600, (value) => `It is ${duration(value)} old.`, 'How old it is is not known.'),
        fact(
          subject.category === undefined ? undefined : subject.category === '' || subject.category === 'shell',
          'It is no program that is known to start many others.',
        ),
      ],
      explanation: `${subjectOf(subject)} has ${amount(most)} living descendants, ${amount(gained)} of which came within ${duration(seconds)}: they multiply faster than they end.`,
    }
  },
}
