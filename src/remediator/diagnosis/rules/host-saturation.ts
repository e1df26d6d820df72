/** Owns knowing a machine that has no more to give, and who took it. */
import type { Case, Share } from '../case.ts'
import { required, supporting } from '../condition.ts'
import { mean, within } from '../curve.ts'
import { FIGURES } from '../figures.ts'
import type { DiagnosisRule, Examination } from '../rule.ts'
import { amount, bytes, list, percent } from '../words.ts'

const { share: shareMin, groupShare, groups: groupsMax } = FIGURES.saturation
const WINDOW_SECONDS = 300

export const hostSaturation: DiagnosisRule = {
  name: 'host_saturation',
  rootCause: 'a machine that has no more to give',
  isCritical: true,
  action: 'notify',
  alerts: ['HostCpuHigh', 'HostMemoryHigh'],
  examine: (subject) => {
    if (subject.group !== undefined || subject.alert.labels['probe'] !== undefined) return undefined
    return subject.alert.name === 'HostMemoryHigh' ? ofMemory(subject) : ofProcessors(subject)
  },
}

function ofProcessors({ host, nowSeconds }: Case): Examination | undefined {
  const used = mean(within(host.cpu, nowSeconds - WINDOW_SECONDS))
  if (used === undefined) return undefined
  const all = (host.processors ?? 0) * used
  return examination(used, 'processors', host.byCpu, all, (value) => `${amount(value)} cores`)
}

function ofMemory({ host }: Case): Examination | undefined {
  const { memoryAvailableBytes: available, memoryTotalBytes: total } = host
  if (available === undefined || total === undefined || total === 0) return undefined
  return examination(1 - available / total, 'memory', host.byMemory, total - available, bytes)
}

function examination(used: number, what: string, by: readonly Share[], all: number, say: (value: number) => string): Examination {
  const top = by.slice(0, groupsMax)
  const theirs = top.reduce((sum, { value }) => sum + value, 0)
  const named = list(top.map(({ group, value }) => `${group} (${say(value)})`))
  return {
    conditions: [
      required(1 - used, '<=', 1 - shareMin, () => `${percent(used)} of its ${what} is in use.`, ''),
      supporting(
        all <= 0 || top.length === 0 ? undefined : theirs / all,
        '>=',
        groupShare,
        (value) => `${named} have ${percent(Math.min(1, value))} of that.`,
        'Who uses it is not known.',
      ),
    ],
    explanation: `${percent(used)} of the ${what} of the machine is in use${top.length === 0 ? '' : `, most of it by ${named}`}.`,
  }
}
