/** Owns knowing a program that runs much longer than it ever did. */
import { curveOf, numberOf, subjectOf } from '../case.ts'
import { fact, required } from '../condition.ts'
import { lastOf, rate, within } from '../curve.ts'
import { FIGURES } from '../figures.ts'
import type { DiagnosisRule } from '../rule.ts'
import { amount, duration } from '../words.ts'

const { times: timesMin, runs: runsMin } = FIGURES.longRun

export const longRun: DiagnosisRule = {
  name: 'long_run',
  rootCause: 'a run that does not come to its end',
  isCritical: false,
  action: 'notify',
  alerts: ['RunningLongerThanUsual'],
  examine: (subject) => {
    const started = lastOf(subject.program.get('oldest_start_time_seconds') ?? subject.process.get('start_time_seconds') ?? [])
    const { longestSeconds: longest, count } = subject.runs
    const told = subject.alert.name === 'RunningLongerThanUsual' ? numberOf(subject.alert.annotations['current']) : undefined
    const age = started === undefined ? undefined : subject.nowSeconds - started
    const times = age === undefined || longest === undefined || longest <= 0 ? told : age / longest
    if (times === undefined) return undefined
    const cores = rate(within(curveOf(subject, 'cpu_seconds_total'), subject.nowSeconds - 300))
    const doing =
      cores === undefined
        ? ''
        : cores < 0.05
          ? ' It does next to nothing: it waits for something.'
          : ` It is at work, with ${amount(cores)} cores.`
    return {
      conditions: [
        required(
          times,
          '>=',
          timesMin,
          (value) =>
            `It runs ${amount(value)} times as long as the longest of its runs in a week${longest === undefined ? '' : `, which took ${duration(longest)}`}.`,
          '',
        ),
        required(
          count === 0 ? undefined : count,
          '>=',
          runsMin - 1,
          (value) => `${amount(value)} of its runs are known.`,
          'Its runs before are not known.',
        ),
        fact(age === undefined ? undefined : age >= 600, `It has been running for ${duration(age ?? 0)}.`),
      ],
      explanation: `${subjectOf(subject)} has been running for ${age === undefined ? `${amount(times)} times its usual` : duration(age)}; the longest of ${count} runs in a week took ${longest === undefined ? 'far less' : duration(longest)}.${doing}`,
    }
  },
}
