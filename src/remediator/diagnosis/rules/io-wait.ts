/** Owns knowing a program that is stuck waiting for storage and does nothing else. */
import { curveOf, subjectOf } from '../case.ts'
import { required, supporting } from '../condition.ts'
import { mean, rate, shareOf, spanSeconds, within } from '../curve.ts'
import { FIGURES } from '../figures.ts'
import type { DiagnosisRule } from '../rule.ts'
import { amount, duration, percent } from '../words.ts'

const { share: shareMin, samples: samplesMin, cores: coresMax, waiting: waitingMin } = FIGURES.blocked
const WINDOW_SECONDS = 600

export const ioWait: DiagnosisRule = {
  name: 'io_wait',
  rootCause: 'storage that does not answer',
  isCritical: true,
  action: 'notify',
  alerts: ['DiskThrash', 'RunningLongerThanUsual'],
  examine: (subject) => {
    const since = subject.nowSeconds - WINDOW_SECONDS
    const blocked = within(subject.program.get('processes{blocked}') ?? [], since)
    const share = shareOf(blocked, (value) => value > 0)
    if (share === undefined || share === 0) return undefined
    const cores = rate(within(curveOf(subject, 'cpu_seconds_total'), since))
    const waiting = mean(within(subject.host.ioWaiting, since))
    return {
      conditions: [
        required(
          share,
          '>=',
          shareMin,
          (value) => `A process of it waited for storage (state D) in ${percent(value)} of the looks at it.`,
          '',
        ),
        required(
          blocked.length,
          '>=',
          samplesMin,
          (value) => `It was looked at ${amount(value)} times over ${duration(spanSeconds(blocked))}.`,
          '',
        ),
        required(cores, '<=', coresMax, (value) => `It used ${amount(value)} cores meanwhile.`, 'Its CPU is not known.'),
        supporting(
          waiting,
          '>=',
          waitingMin,
          (value) => `Programs waited for storage for ${percent(value)} of the time.`,
          'Whether programs wait for storage is not known here.',
        ),
      ],
      explanation: `${subjectOf(subject)} was waiting for storage in ${percent(share)} of the looks at it and computed next to nothing. A process in this state cannot be ended until its storage answers: look at the disk or the network file system, not at the program.`,
    }
  },
}
