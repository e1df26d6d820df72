/** Owns knowing an endpoint that became slow although nobody computes more: it waits for something else. */
import { subjectOf } from '../case.ts'
import { required, supporting } from '../condition.ts'
import { mean, within } from '../curve.ts'
import { FIGURES } from '../figures.ts'
import type { DiagnosisRule } from '../rule.ts'
import { amount, percent } from '../words.ts'

const { times: timesMin, seconds: secondsMin, recentSeconds, samplesBefore, hostCpu, hostCpuRise } = FIGURES.slow

export const slowDependency: DiagnosisRule = {
  name: 'slow_dependency',
  rootCause: 'something that the endpoint waits for',
  isCritical: false,
  action: 'notify',
  alerts: ['ProbeLatencyUnusual', 'ProbeLatencyHigh', 'ProbeLatencyAboveBaseline', 'ProbeDown', 'ProbeErrorRateHigh'],
  examine: (subject) => {
    const took = subject.probe.get('duration_seconds') ?? []
    const turn = subject.nowSeconds - recentSeconds
    const [before, recent] = [within(took, 0, turn - recentSeconds), within(took, turn)]
    if (recent.length === 0) return undefined
    const [usual, now] = [before.length < samplesBefore ? undefined : mean(before), mean(recent) ?? 0]
    const cpu = subject.host.cpu
    const [cpuBefore, cpuNow] = [mean(within(cpu, 0, turn - recentSeconds)), mean(within(cpu, turn))]
    const rise = cpuBefore === undefined || cpuNow === undefined ? undefined : Math.max(0, cpuNow - cpuBefore)
    const answers = mean(within(subject.probe.get('up') ?? [], turn))
    return {
      conditions: [
        required(
          usual === undefined ? undefined : now / Math.max(1e-3, usual),
          '>=',
          timesMin,
          (value) => `It takes ${amount(now)} s, ${amount(value)} times as long as before (${amount(usual ?? 0)} s).`,
          'How long it took before is not known.',
        ),
        required(
          usual === undefined ? undefined : now - usual,
          '>=',
          secondsMin,
          (value) => `That is ${amount(value)} s more.`,
          'How long it took before is not known.',
        ),
        required(
          rise,
          '<=',
          hostCpuRise,
          (value) => `The machine computes ${percent(value)} more than before.`,
          'The CPU of the machine is not known.',
        ),
        supporting(
          cpuNow,
          '<=',
          hostCpu,
          (value) => `${percent(value)} of its processors are in use.`,
          'The CPU of the machine is not known.',
        ),
        supporting(
          answers,
          '>=',
          0.5,
          (value) => `It still answers as it should in ${percent(value)} of the cases.`,
          'Whether it answers is not known.',
        ),
      ],
      explanation: `${subjectOf(subject)} takes ${amount(now)} s to answer${usual === undefined ? '' : ` instead of ${amount(usual)} s`}, while the machine computes no more than before: it waits for something else, such as a database, another service or a lock.`,
    }
  },
}
