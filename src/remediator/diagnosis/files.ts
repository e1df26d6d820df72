/** Owns putting together what is known of the files that a program created: from the exporter, from its series, from the alert. Pure. */
import { curveOf, numberOf, type Case } from './case.ts'
import { increase, lastOf, within } from './curve.ts'

export interface FilesMade {
  /** Within about five minutes. */
  readonly created: number | undefined
  readonly deleted: number | undefined
  /** 0 to 1, of those that were compared. */
  readonly duplicateShare: number | undefined
  readonly folders: readonly string[]
}

const WINDOW_SECONDS = 300

/** The most that any of the sources tells: each may have missed the beginning. */
export function filesOf(subject: Case): FilesMade {
  const { alert, writer } = subject
  const isStorm = alert.name.endsWith('FileCreationStorm')
  const told = isStorm ? numberOf(alert.annotations['current']) : undefined
  const counted = grown(subject, 'files_created_total')
  const known = [told, counted, writer?.filesCreated].filter((each) => each !== undefined)
  return {
    created: known.length === 0 ? undefined : Math.max(...known),
    deleted: writer?.filesDeleted ?? grown(subject, 'files_deleted_total'),
    duplicateShare: shareFrom(subject),
    folders: writer?.folders ?? (alert.labels['directory'] === undefined ? [] : [alert.labels['directory']]),
  }
}

function shareFrom(subject: Case): number | undefined {
  const { writer } = subject
  if (writer !== undefined && writer.duplicateShare !== null) return writer.duplicateShare
  const [examined, copies] = [grown(subject, 'files_examined_total'), grown(subject, 'files_duplicates_total')]
  return examined === undefined || copies === undefined || examined === 0 ? undefined : copies / examined
}

/** A young process's counter began at 0; of an old one only what is seen is known. */
function grown(subject: Case, name: string): number | undefined {
  const curve = within(curveOf(subject, name), subject.nowSeconds - WINDOW_SECONDS)
  const started = lastOf(subject.process.get('start_time_seconds') ?? [])
  if (started !== undefined && subject.nowSeconds - started < WINDOW_SECONDS) return lastOf(curve)
  return increase(curve)
}
