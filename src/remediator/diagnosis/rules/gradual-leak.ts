/** Owns knowing a leak of memory: the lowest values rise in a straight line, and nothing slows it down. */
import { curveOf, subjectOf } from '../case.ts'
import { fact, required, supporting } from '../condition.ts'
import { lastOf, within } from '../curve.ts'
import { FIGURES } from '../figures.ts'
import { steadiestRise } from '../rise.ts'
import type { DiagnosisRule } from '../rule.ts'
import { amount, bytes, duration } from '../words.ts'

const { straightness, gainBytes, gainRatio, jumpShare, steadiness, warmUpSeconds, spanSeconds: spanMin } = FIGURES.leak

export const gradualLeak: DiagnosisRule = {
  name: 'gradual_leak',
  rootCause: 'a leak of memory',
  isCritical: true,
  action: 'restart',
  alerts: ['MemoryLeakFast', 'MemoryLeakSlow', 'MemoryAboveBaseline', 'ServiceOverMemoryLimit', 'SuddenAllocation'],
  examine: (subject) => {
    const started = lastOf(subject.process.get('start_time_seconds') ?? []) ?? 0
    const rise = steadiestRise(within(curveOf(subject, 'resident_memory_bytes'), started + warmUpSeconds), subject.nowSeconds)
    if (rise === undefined) return undefined
    const { memoryAvailableBytes: room } = subject.host
    const untilFull = room === undefined || rise.slope <= 0 ? undefined : room / rise.slope
    const pace = `${bytes(rise.slope * 60)} a minute`
    return {
      conditions: [
        required(rise.gain, '>=', gainBytes, (value) => `Its lowest memory rose by ${bytes(value)} in ${duration(rise.spanSeconds)}.`, ''),
        required(
          1 - rise.straightness,
          '<=',
          1 - straightness,
          () => `A straight line of ${pace} explains ${amount(rise.straightness * 100)} % of it.`,
          '',
        ),
        required(rise.jumpShare, '<=', jumpShare, (value) => `The steepest tenth of the time brought ${amount(value * 100)} % of it.`, ''),
        // A line that goes on as it did is as steady as can be.
        fact(rise.steadiness >= steadiness, `The last third rises at ${amount(rise.steadiness)} times the pace of the whole.`, true),
        required(rise.spanSeconds, '>=', spanMin, (value) => `It has been seen for ${duration(value)}.`, ''),
        supporting(rise.to / Math.max(1, rise.from), '>=', gainRatio, (value) => `That is ${amount(value)} times what it began with.`, ''),
        fact(rise.rising === rise.steps, `${rise.rising} of ${rise.steps} steps go up.`),
      ],
      explanation: `The memory of ${subjectOf(subject)} rises by ${pace} in a straight line (R squared ${rise.straightness.toFixed(2)}), from ${bytes(rise.from)} to ${bytes(rise.to)} in ${duration(rise.spanSeconds)}.${untilFull === undefined ? '' : ` At this pace the memory of the machine (${bytes(room ?? 0)} left) is exhausted in ${duration(untilFull)}.`}`,
    }
  },
}
