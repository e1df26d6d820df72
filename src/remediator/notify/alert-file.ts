/** Owns the files in the state folder by which a person is called: ALERT-....txt while nobody has, ACKNOWLEDGED-....txt afterwards. */
import { appendFileSync, existsSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { errnoOf } from '../../lib/errors.ts'
import type { Database } from '../store/database.ts'
import { markSettled, unsettledAlerts, type HumanAlert } from '../store/escalations.ts'
import { plain } from './letter.ts'

/** `ALERT-20260131T120000-20260131T115930-3f9a2c01b7d4.txt`. */
export function alertFileName({ at, incident }: Pick<HumanAlert, 'at' | 'incident'>): string {
  return `ALERT-${at.slice(0, 19).replaceAll(/[-:]/g, '')}-${incident.replaceAll(/[^\w-]/g, '_')}.txt`
}

/** Written whole or not at all, readable by its owner only: it may name files and programs of others. */
export function writeAlertFile(stateDir: string, name: string, text: string): void {
  const file = path.join(stateDir, name)
  const temporary = `${file}.new`
  writeFileSync(temporary, text, { mode: 0o600 })
  renameSync(temporary, file)
}

/** Renames the files of calls that have been acknowledged since, and writes into them who did. Safe to repeat. */
export function settleAlertFiles(stateDir: string, database: Database): void {
  for (const { id, file, closedAt, closedBy, closedHow } of unsettledAlerts(database)) {
    if (file === null) continue
    const from = path.join(stateDir, file)
    try {
      if (existsSync(from)) {
        appendFileSync(from, `\nAcknowledged by ${plain(closedBy ?? 'somebody')} (${closedHow ?? 'unknown'}) at ${closedAt ?? ''}.\n`)
        renameSync(from, path.join(stateDir, file.replace(/^ALERT-/, 'ACKNOWLEDGED-')))
      }
    } catch (error) {
      // Somebody else was quicker, or has put it away.
      if (errnoOf(error) !== 'ENOENT') throw error
    }
    markSettled(database, id)
  }
}
