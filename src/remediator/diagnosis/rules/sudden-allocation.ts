/** Owns knowing that memory was taken in one go, within seconds, and kept. */
import { curveOf, numberOf, subjectOf, type Case } from '../case.ts'
import { fact, required } from '../condition.ts'
import { highest, lastOf, lowest, steepestGain, within, type Curve } from '../curve.ts'
import { FIGURES } from '../figures.ts'
import type { DiagnosisRule } from '../rule.ts'
import { amount, bytes, duration } from '../words.ts'

const { gainBytes, windowSeconds, burstSeconds, burstShare } = FIGURES.allocation

export const suddenAllocation: DiagnosisRule = {
  name: 'sudden_allocation',
  rootCause: 'a sudden allocation of memory',
  isCritical: true,
  action: 'restart',
  alerts: ['SuddenAllocation', 'MemoryAboveBaseline', 'ServiceOverMemoryLimit'],
  examine: (subject) => {
    const memory = fromItsStart(subject, within(curveOf(subject, 'resident_memory_bytes'), subject.nowSeconds - windowSeconds))
    if (memory.length === 0) return undefined
    const told = subject.alert.name === 'SuddenAllocation' ? numberOf(subject.alert.annotations['current']) : undefined
    const seen = (highest(memory) ?? 0) - (lowest(memory) ?? 0)
    const gain = Math.max(seen, told ?? 0)
    const burst = memory.length < 2 || seen <= 0 ? undefined : steepestGain(memory, burstSeconds)
    const now = lastOf(memory) ?? 0
    const { memoryTotalBytes: total } = subject.host
    return {
      conditions: [
        required(gain, '>=', gainBytes, (value) => `It gained ${bytes(value)} of memory within ${duration(windowSeconds)}.`, ''),
        required(
          burst === undefined ? undefined : 1 - burst / seen,
          '<=',
          1 - burstShare,
          (value) => `${amount((1 - value) * 100)} % of that came within ${duration(burstSeconds)}.`,
          'How fast it came was not seen.',
        ),
        fact(now >= (highest(memory) ?? 0) * 0.7, `It holds ${bytes(now)} of it still.`),
        fact(
          total === undefined ? undefined : gain >= total / 100,
          `That is ${amount((gain / (total ?? 1)) * 100)} % of the memory of the machine.`,
        ),
      ],
      explanation: `${subjectOf(subject)} took ${bytes(gain)} of memory at once: ${bytes(burst ?? gain)} within ${duration(burstSeconds)}, and ${now === 0 ? 'has given it back since' : `it holds ${bytes(now)} now`}.`,
    }
  },
}

/** A process that is younger than the window began with nothing. */
function fromItsStart(subject: Case, memory: Curve): Curve {
  const started = lastOf(subject.process.get('start_time_seconds') ?? [])
  const [first] = memory
  const isYoung = started !== undefined && first !== undefined && subject.nowSeconds - started < windowSeconds && started <= first[0]
  return isYoung ? [[started, 0], ...memory] : memory
}
