/** Owns knowing a loop that writes the same file again and again under new names. */
import { curveOf, subjectOf, type Case } from '../case.ts'
import { fact, required, supporting, type Condition } from '../condition.ts'
import { filesOf } from '../files.ts'
import { highest, lowest, spanSeconds, within } from '../curve.ts'
import { FIGURES } from '../figures.ts'
import type { DiagnosisRule } from '../rule.ts'
import { amount, bytes, list, percent } from '../words.ts'

const { files: filesMin, duplicateShare: shareMin, memoryGainBytes, memoryGainRatio, folders: foldersMax } = FIGURES.writeLoop

export const writeLoop: DiagnosisRule = {
  name: 'write_loop',
  rootCause: 'a loop that writes the same file over and over',
  isCritical: true,
  action: 'kill',
  alerts: ['ProcessFileCreationStorm', 'FileCreationStorm', 'GroupFileCreationStorm', 'DuplicateFiles', 'FilesAboveBaseline'],
  examine: (subject) => {
    const files = filesOf(subject)
    if (files.created === undefined) return undefined
    const { created, duplicateShare, folders } = files
    const where = folders.length === 0 ? '' : ` in ${list(folders.slice(0, 3))}`
    return {
      conditions: [
        required(created, '>=', filesMin, (value) => `It created ${amount(value)} files within 5 minutes${where}.`, ''),
        required(
          duplicateShare,
          '>=',
          shareMin,
          (value) => `${percent(value)} of those that were compared have the content of another.`,
          'Whether its files are copies of each other is not known.',
        ),
        memoryFlat(subject),
        supporting(
          folders.length === 0 ? undefined : folders.length,
          '<=',
          foldersMax,
          (value) => `They are in ${value === 1 ? 'one folder' : `${value} folders`}.`,
          'Where they are is not known.',
        ),
        fact(
          files.deleted === undefined ? undefined : files.deleted * 2 < created,
          `It deleted ${amount(files.deleted ?? 0)} of its files again.`,
        ),
      ],
      explanation: `${subjectOf(subject)} has created ${amount(created)} files${where} within 5 minutes, and ${percent(duplicateShare ?? 0)} of those that were compared are copies of each other: it writes the same over and over.`,
    }
  },
}

/** A program that gathers something before it writes it grows. */
function memoryFlat(subject: Case): Condition {
  const memory = within(curveOf(subject, 'resident_memory_bytes'), subject.nowSeconds - 300)
  if (memory.length < 2 || spanSeconds(memory) <= 0) return fact(undefined, 'Its memory was seen too briefly.')
  const [least, most] = [lowest(memory) ?? 0, highest(memory) ?? 0]
  return fact(
    most - least <= memoryGainBytes || most <= least * memoryGainRatio,
    `Its memory stayed between ${bytes(least)} and ${bytes(most)}.`,
  )
}
