/** Owns knowing an endless loop: much of a core without a pause, and next to no input or output. */
import { curveOf, subjectOf, type Case } from '../case.ts'
import { fact, required, supporting } from '../condition.ts'
import { firstOf, lastOf, mean, rate, rates, spanSeconds, unevenness, within } from '../curve.ts'
import { FIGURES } from '../figures.ts'
import type { DiagnosisRule } from '../rule.ts'
import { amount, duration } from '../words.ts'

const {
  cores: coresMin,
  unevenness: unevennessMax,
  operationsPerSecond,
  spanSeconds: spanMin,
  rateStepSeconds,
  windowSeconds,
} = FIGURES.infiniteLoop

export const infiniteLoop: DiagnosisRule = {
  name: 'infinite_loop',
  rootCause: 'an endless loop',
  isCritical: false,
  action: 'kill',
  alerts: ['InfiniteLoop', 'CpuAboveBaseline', 'CpuSpike', 'ServiceOverCpuLimit'],
  examine: (subject) => {
    const use = within(curveOf(subject, 'cpu_seconds_total'), subject.nowSeconds - windowSeconds)
    const cores = rates(use, rateStepSeconds)
    if (cores.length === 0) return undefined
    const used = mean(cores)
    const room = roomOf(subject)
    const operations = operationsOf(subject)
    const memory = within(curveOf(subject, 'resident_memory_bytes'), subject.nowSeconds - windowSeconds)
    const growth = (lastOf(memory) ?? 0) / (firstOf(memory) ?? 1)
    return {
      conditions: [
        required(
          used,
          '>=',
          coresMin * room,
          (value) => `It used ${amount(value)} cores on average over ${duration(spanSeconds(use))}.`,
          'Its CPU is not known.',
        ),
        required(
          unevenness(cores) ?? 0,
          '<=',
          // Others take turns as they come.
          unevennessMax / Math.sqrt(room),
          (value) => `It did so evenly: by turns it varies by ${amount(value * 100)} %.`,
          '',
        ),
        required(
          operations,
          '<=',
          operationsPerSecond,
          (value) => `It made ${amount(value)} read and write calls a second.`,
          'Its input and output may not be read.',
        ),
        required(spanSeconds(use), '>=', spanMin, (value) => `It has been seen for ${duration(value)}.`, ''),
        fact(memory.length < 2 ? undefined : growth <= FIGURES.leak.gainRatio, 'Its memory stays what it is.'),
        supporting(
          subject.known.get('cpu') === undefined ? undefined : (used ?? 0) / (subject.known.get('cpu') ?? 1),
          '>=',
          2,
          (value) => `That is ${amount(value)} times what it is known to use.`,
          'What it usually uses is not known.',
        ),
      ],
      explanation: `${subjectOf(subject)} computes without a pause, ${amount(used ?? 0)} cores for ${duration(spanSeconds(use))}, and reads and writes next to nothing (${amount(operations ?? 0)} calls a second): it goes round in circles.`,
    }
  },
}

/** On a machine where many wait for a processor, nobody gets a whole one: 1 where there is room, less where it is crowded. */
function roomOf({ host: { processors, load } }: Case): number {
  return processors === undefined || load === undefined ? 1 : Math.min(1, processors / Math.max(1, load))
}

function operationsOf(subject: Case): number | undefined {
  const counters = ['read_operations_total', 'write_operations_total'].map((name) =>
    rate(within(curveOf(subject, name), subject.nowSeconds - windowSeconds)),
  )
  return counters.some((each) => each === undefined) ? undefined : counters.reduce<number>((sum, each) => sum + (each ?? 0), 0)
}
