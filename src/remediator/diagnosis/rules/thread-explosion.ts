/** Owns knowing a program whose threads multiply. */
import { curveOf, subjectOf, type Case } from '../case.ts'
import { fact, required } from '../condition.ts'
import { firstOf, lastOf, lowest, within, type Curve } from '../curve.ts'
import { FIGURES } from '../figures.ts'
import type { DiagnosisRule } from '../rule.ts'
import { amount, duration } from '../words.ts'

const { gain: gainMin, ratio: ratioMin, windowSeconds } = FIGURES.threads

export const threadExplosion: DiagnosisRule = {
  name: 'thread_explosion',
  rootCause: 'threads that multiply',
  isCritical: true,
  action: 'restart',
  alerts: ['ThreadExplosion', 'ThreadsAboveBaseline'],
  examine: (subject) => {
    const threads = fromItsStart(subject, within(curveOf(subject, 'threads'), subject.nowSeconds - windowSeconds))
    const [least, now] = [lowest(threads), lastOf(threads)]
    if (least === undefined || now === undefined) return undefined
    const processes = within(subject.program.get('processes') ?? [], subject.nowSeconds - windowSeconds)
    const more = (lastOf(processes) ?? 1) - (firstOf(processes) ?? 1)
    return {
      conditions: [
        required(now - least, '>=', gainMin, (value) => `It gained ${amount(value)} threads within ${duration(windowSeconds)}.`, ''),
        required(now / Math.max(1, least), '>=', ratioMin, (value) => `That is ${amount(value)} times as many as it had.`, ''),
        fact(
          processes.length === 0 ? undefined : more < (now - least) / 10,
          `Its processes changed by ${amount(more)}: the threads are of the same ones.`,
        ),
      ],
      explanation: `${subjectOf(subject)} went from ${amount(least)} to ${amount(now)} threads within ${duration(windowSeconds)}: it starts threads and waits for none of them.`,
    }
  },
}

/** A process that is younger than the window began with one. */
function fromItsStart(subject: Case, threads: Curve): Curve {
  const started = lastOf(subject.process.get('start_time_seconds') ?? [])
  return started !== undefined && subject.process.has('threads') && subject.nowSeconds - started < windowSeconds
    ? [[started, 1], ...threads]
    : threads
}
