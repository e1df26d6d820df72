/** Owns knowing memory that is kept although nothing is done with it. */
import { curveOf, subjectOf } from '../case.ts'
import { fact, required } from '../condition.ts'
import { lastOf, lowest, mean, rates, spanSeconds, unevenness, within } from '../curve.ts'
import { FIGURES } from '../figures.ts'
import type { DiagnosisRule } from '../rule.ts'
import { amount, bytes, duration } from '../words.ts'

const { spanSeconds: spanMin, aboveBytes, aboveRatio, idleCores, unevenness: unevennessMax } = FIGURES.kept

export const memoryNotReleased: DiagnosisRule = {
  name: 'memory_not_released',
  rootCause: 'memory that is kept and not used',
  isCritical: false,
  action: 'restart',
  alerts: ['MemoryNotReleased', 'MemoryAboveBaseline'],
  examine: (subject) => {
    const memory = within(curveOf(subject, 'resident_memory_bytes'), subject.nowSeconds - FIGURES.pastSeconds)
    const usual = subject.known.get('memory')
    if (memory.length < 2) return undefined
    const cores = mean(rates(curveOf(subject, 'cpu_seconds_total'), FIGURES.pastStepSeconds))
    const [held, now] = [lowest(memory) ?? 0, lastOf(memory) ?? 0]
    return {
      conditions: [
        required(
          usual === undefined ? undefined : held - usual,
          '>=',
          aboveBytes,
          (value) => `It holds ${bytes(value)} more than its normal of ${bytes(usual ?? 0)}.`,
          'What it normally holds is not known.',
        ),
        required(
          usual === undefined ? undefined : held / Math.max(1, usual),
          '>=',
          aboveRatio,
          (value) => `That is ${amount(value)} times its normal.`,
          'What it normally holds is not known.',
        ),
        required(spanSeconds(memory), '>=', spanMin, (value) => `It has done so for ${duration(value)}.`, ''),
        required(cores, '<=', idleCores, (value) => `It used ${amount(value)} cores meanwhile.`, 'Its CPU is not known.'),
        fact((unevenness(memory) ?? 0) <= unevennessMax, 'It neither takes more nor gives any back.'),
      ],
      explanation: `${subjectOf(subject)} has held ${bytes(now)} for ${duration(spanSeconds(memory))}${usual === undefined ? '' : `, ${bytes(held - usual)} more than its normal`}, while it did next to nothing (${amount(cores ?? 0)} cores).`,
    }
  },
}
