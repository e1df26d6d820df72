/** Owns knowing a leak of file descriptors: they rise step by step, and none comes back. */
import { curveOf, subjectOf } from '../case.ts'
import { fact, required } from '../condition.ts'
import { lastOf, within } from '../curve.ts'
import { FIGURES } from '../figures.ts'
import { steadiestRise } from '../rise.ts'
import type { DiagnosisRule } from '../rule.ts'
import { amount, duration, percent } from '../words.ts'

const { gain: gainMin, straightness, spanSeconds: spanMin, limitRatio } = FIGURES.descriptors

export const descriptorLeak: DiagnosisRule = {
  name: 'descriptor_leak',
  rootCause: 'a leak of file descriptors',
  isCritical: true,
  action: 'restart',
  alerts: ['DescriptorLeak', 'DescriptorsNearLimit', 'DescriptorsAboveBaseline'],
  examine: (subject) => {
    const descriptors = within(curveOf(subject, 'open_fds'), subject.nowSeconds - FIGURES.pastSeconds)
    const rise = steadiestRise(descriptors, subject.nowSeconds)
    const now = lastOf(descriptors)
    if (rise === undefined || now === undefined) return undefined
    const used = lastOf(curveOf(subject, 'fd_limit_ratio'))
    const limit = used === undefined || used <= 0 ? undefined : now / used
    const untilFull = limit === undefined || rise.slope <= 0 ? undefined : (limit - now) / rise.slope
    return {
      conditions: [
        required(rise.gain, '>=', gainMin, (value) => `It gained ${amount(value)} file descriptors in ${duration(rise.spanSeconds)}.`, ''),
        required(
          1 - rise.straightness,
          '<=',
          1 - straightness,
          () => `A straight line of ${amount(rise.slope * 60)} a minute explains ${amount(rise.straightness * 100)} % of it.`,
          '',
        ),
        required(rise.spanSeconds, '>=', spanMin, (value) => `It has been seen for ${duration(value)}.`, ''),
        fact(rise.rising === rise.steps, `${rise.rising} of ${rise.steps} steps go up, and none is given back.`),
        fact(
          used === undefined ? undefined : used >= limitRatio || (untilFull ?? Infinity) < 7 * 86_400,
          `It uses ${percent(used ?? 0)} of what it may have.`,
        ),
      ],
      explanation: `The file descriptors of ${subjectOf(subject)} rise by ${amount(rise.slope * 60)} a minute, from ${amount(rise.from)} to ${amount(rise.to)} in ${duration(rise.spanSeconds)}, and none is closed.${untilFull === undefined ? '' : ` At this pace it reaches its limit of ${amount(limit ?? 0)} in ${duration(untilFull)}, and can open nothing any more.`}`,
    }
  },
}
