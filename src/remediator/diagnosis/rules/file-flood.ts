/** Owns knowing a program that leaves very many files, each different: it may be at work, or have lost its way. */
import { subjectOf } from '../case.ts'
import { fact, required } from '../condition.ts'
import { filesOf } from '../files.ts'
import { FIGURES } from '../figures.ts'
import type { DiagnosisRule } from '../rule.ts'
import { amount, list, percent } from '../words.ts'

const { files: filesMin, duplicateShare: shareMin } = FIGURES.writeLoop

export const fileFlood: DiagnosisRule = {
  name: 'file_flood',
  rootCause: 'many different files at once',
  isCritical: false,
  action: 'freeze',
  alerts: ['ProcessFileCreationStorm', 'FileCreationStorm', 'GroupFileCreationStorm', 'FilesAboveBaseline'],
  examine: (subject) => {
    const { created, deleted, duplicateShare, folders } = filesOf(subject)
    if (created === undefined) return undefined
    const { category } = subject
    const isKnown = category !== undefined && category !== '' && category !== 'shell'
    const where = folders.length === 0 ? '' : ` in ${list(folders.slice(0, 3))}`
    const conditions = [
      required(created, '>=', filesMin, (value) => `It created ${amount(value)} files within 5 minutes${where}.`, ''),
      required(
        duplicateShare,
        '<=',
        shareMin,
        (value) => `Only ${percent(value)} of those that were compared have the content of another.`,
        'Whether its files are copies of each other is not known.',
      ),
      fact(deleted === undefined ? undefined : deleted * 2 < created, `It deleted ${amount(deleted ?? 0)} of its files again.`),
    ]
    const kind = isKnown
      ? ` As a ${category} program it does so as a matter of course.`
      : ' Nothing is known of this program that would explain it.'
    return {
      conditions,
      explanation: `${subjectOf(subject)} has created ${amount(created)} files${where} within 5 minutes, most of them different from each other.${kind}`,
      action: isKnown ? 'notify' : 'freeze',
    }
  },
}
