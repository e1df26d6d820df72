/** Owns opening what is kept: the store, set aside when it is corrupt, and the audit trail, taken back from its mirror when the store was lost. */
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { Journal } from './audit/journal.ts'
import { mirrorPath } from './audit/mirror.ts'
import { restoreAudit } from './audit/restore.ts'
import { createReplacementCheck, Database, databasePath, type OpenedStore } from './store/database.ts'

export interface Store {
  readonly database: Database
  readonly journal: Journal
  /** Whether the audit trail was whole. */
  readonly auditIsIntact: boolean
  readonly wasSetAside: boolean
  /** Whether another start has put a fresh store in the place of this one. */
  readonly isReplaced: () => boolean
}

/** Throws UsageError when the store cannot be opened. */
export function openStore(stateDir: string, clock: Clock, log: Logger): Store {
  const file = databasePath(stateDir)
  const opened = Database.openOrSetAside(file, clock.nowMs())
  const { database, setAside } = opened
  const mirror = mirrorPath(stateDir)
  const restored = opened.isFresh ? restoreAudit(database, mirror) : 0
  const journal = new Journal(database, mirror, clock, log)
  const verdict = journal.open()
  if (verdict.fault)
    log.error(`The audit trail is broken at entry ${verdict.fault.seq}: ${verdict.fault.what}`, { where: verdict.fault.where })
  tellLoss(opened, restored, journal, log)
  return { database, journal, auditIsIntact: verdict.intact, wasSetAside: setAside !== undefined, isReplaced: createReplacementCheck(file) }
}

/** What is lost is said where people look: in the log, and in the trail itself. */
function tellLoss({ setAside }: OpenedStore, restored: number, journal: Journal, log: Logger): void {
  const taken = restored === 0 ? '' : ` ${restored} entries of the audit trail were taken back from its mirror.`
  if (setAside) {
    log.error(
      `The store was corrupt (${setAside.why}) and was set aside as ${setAside.file}; a fresh one is in its place.${taken} Incidents, cooldowns and waiting mails in it are lost; active alerts come back from Alertmanager`,
    )
    journal.record('store.set_aside', null, `The store was corrupt and was set aside; a fresh one is in its place.${taken}`, {
      file: setAside.file,
      why: setAside.why,
      restored,
    })
  } else if (restored > 0) {
    log.error(`There was no store, but the mirror of an audit trail: somebody removed the store.${taken}`)
    journal.record('store.lost', null, `The store had been removed; a fresh one is in its place.${taken}`, { restored })
  } else return
  journal.flush()
}
