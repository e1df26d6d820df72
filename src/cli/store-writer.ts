/** Owns writing to a store from the command line, for what must also work while no remediator runs or answers. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { systemClock, type Clock } from '../lib/clock.ts'
import { createLogger } from '../lib/log.ts'
import { Journal } from '../remediator/audit/journal.ts'
import { mirrorPath } from '../remediator/audit/mirror.ts'
import { Database, databasePath } from '../remediator/store/database.ts'
import { noStore } from './read-store.ts'

export interface StoreWriter {
  readonly stateDir: string
  readonly database: Database
  readonly journal: Journal
  readonly clock: Clock
}

/** Opens the store of a state folder for one change. Throws UsageError when there is none. */
export function writeStore<Result>(stateDir: string, part: string, write: (writer: StoreWriter) => Result): Result {
  const directory = path.resolve(stateDir)
  const file = databasePath(directory)
  if (!existsSync(file)) throw noStore(stateDir)
  const database = Database.open(file)
  const clock = systemClock()
  const journal = new Journal(database, mirrorPath(directory), clock, createLogger({ level: 'warn', format: 'text', part }))
  try {
    return write({ stateDir: directory, database, journal, clock })
  } finally {
    journal.close()
    database.close()
  }
}
