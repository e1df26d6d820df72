/** Owns knowing a program that keeps the disk busy with writes, over and over, and makes others wait. */
import { curveOf, subjectOf, type Case } from '../case.ts'
import { fact, required, supporting } from '../condition.ts'
import { filesOf } from '../files.ts'
import { mean, rate, spanSeconds, within } from '../curve.ts'
import { FIGURES } from '../figures.ts'
import type { DiagnosisRule } from '../rule.ts'
import { amount, bytes, duration, percent } from '../words.ts'

const {
  operationsPerSecond,
  bytesPerSecond,
  spanSeconds: spanMin,
  share: shareMin,
  waiting: waitingMin,
  diskBusy: busyMin,
} = FIGURES.thrash
const WINDOW_SECONDS = 300

export const diskThrash: DiagnosisRule = {
  name: 'disk_thrash',
  rootCause: 'a disk that is written to without a pause',
  isCritical: false,
  action: 'kill',
  alerts: ['DiskThrash', 'WritesAboveBaseline', 'ReadsAboveBaseline'],
  examine: (subject) => {
    const since = subject.nowSeconds - WINDOW_SECONDS
    const of = (name: string): number | undefined => rate(within(curveOf(subject, name), since))
    const span = spanSeconds(within(curveOf(subject, 'write_operations_total'), since))
    const [calls, written, read] = [of('write_operations_total'), of('written_bytes_total'), of('read_bytes_total')]
    if (calls === undefined && written === undefined) return undefined
    const moved = (written ?? 0) + (read ?? 0)
    const { host } = subject
    const waiting = mean(within(host.ioWaiting, since))
    const busy = mean(within(host.diskBusy, since))
    const created = filesOf(subject).created ?? 0
    return {
      conditions: [
        required(moved, '>=', bytesPerSecond, (value) => `It moves ${bytes(value)} a second to and from storage.`, ''),
        required(
          calls,
          '>=',
          operationsPerSecond,
          (value) => `It makes ${amount(value)} write calls a second.`,
          'Its calls may not be counted.',
        ),
        required(span, '>=', spanMin, (value) => `It has done so for ${duration(value)}.`, ''),
        fact(created < FIGURES.writeLoop.files, `It created ${amount(created)} files meanwhile: it writes the same ones again.`, true),
        supporting(
          shareOfWrites(subject, written),
          '>=',
          shareMin,
          (value) => `It wrote ${percent(Math.min(1, value))} of all that was written on the machine.`,
          '',
        ),
        supporting(
          waiting,
          '>=',
          waitingMin,
          (value) => `Programs waited for storage for ${percent(value)} of the time.`,
          'Whether programs wait for storage is not known here.',
        ),
        supporting(
          busy,
          '>=',
          busyMin,
          (value) => `The busiest disk had work for ${percent(value)} of the time.`,
          'How busy the disks are is not known here.',
        ),
      ],
      explanation: `${subjectOf(subject)} moves ${bytes(moved)} a second to and from storage, with ${amount(calls ?? 0)} write calls a second, for ${duration(span)}, and has made hardly any new file: it writes over what it has written.${waiting === undefined ? '' : ` Programs waited for storage for ${percent(waiting)} of the time.`}`,
    }
  },
}

function shareOfWrites({ host, group }: Case, written: number | undefined): number | undefined {
  const all = host.byWrites.reduce((sum, { value }) => sum + value, 0)
  const own = host.byWrites.find((each) => each.group === group)?.value ?? written
  return all <= 0 || own === undefined ? undefined : own / all
}
