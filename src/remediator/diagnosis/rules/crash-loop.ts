/** Owns knowing a program that fails, is started again, and fails again. */
import { numberOf, subjectOf } from '../case.ts'
import { fact, required } from '../condition.ts'
import { increase, within } from '../curve.ts'
import { FIGURES } from '../figures.ts'
import type { DiagnosisRule } from '../rule.ts'
import { amount, duration, percent } from '../words.ts'

const { times: timesMin, windowSeconds, failedShare } = FIGURES.crashes

export const crashLoop: DiagnosisRule = {
  name: 'crash_loop',
  rootCause: 'a program that fails each time it is started',
  isCritical: true,
  action: 'notify',
  alerts: ['CrashLoop', 'RapidCrashes', 'ServiceDown'],
  examine: (subject) => {
    const since = subject.nowSeconds - windowSeconds
    const counted = (name: string): number | undefined => increase(within(subject.program.get(name) ?? [], since))
    const [errors, signals, successes] = [counted('exits_total{error}'), counted('exits_total{signal}'), counted('exits_total{success}')]
    const isTold = subject.alert.name === 'RapidCrashes' || subject.alert.name === 'CrashLoop'
    const told = isTold ? numberOf(subject.alert.annotations['current']) : undefined
    if (errors === undefined && signals === undefined && told === undefined) return undefined
    const failed = Math.max((errors ?? 0) + (signals ?? 0), told ?? 0)
    const ended = failed + (successes ?? 0)
    const [crashes, starts] = [counted('crashes_total'), counted('starts_total')]
    return {
      conditions: [
        required(failed, '>=', timesMin, (value) => `It failed ${amount(value)} times within ${duration(windowSeconds)}.`, ''),
        required(ended === 0 ? undefined : failed / ended, '>=', failedShare, (value) => `${percent(value)} of its runs ended so.`, ''),
        fact(starts === undefined ? undefined : starts >= failed / 2, `It was started ${amount(starts ?? 0)} times meanwhile.`),
        fact(
          crashes === undefined ? undefined : crashes > 0,
          `${amount(crashes ?? 0)} of its ends were crashes, such as segmentation faults.`,
        ),
      ],
      explanation: `${subjectOf(subject)} failed ${amount(failed)} times within ${duration(windowSeconds)}${(signals ?? 0) > 0 ? `, ${amount(signals ?? 0)} of them by a signal` : ''}, and was started ${starts === undefined ? 'again each time' : `${amount(starts)} times`}: starting it once more will not help.`,
    }
  },
}
