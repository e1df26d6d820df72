/** Owns reading a store from the command line, also while no loop runs. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { UsageError } from '../lib/errors.ts'
import { Database, databasePath } from '../remediator/store/database.ts'

export function hasStore(stateDir: string): boolean {
  return existsSync(databasePath(path.resolve(stateDir)))
}

/** Opens the store of a state folder for one reading. Throws UsageError when there is none. */
export function readStore<Result>(stateDir: string, read: (database: Database) => Result): Result {
  const file = databasePath(path.resolve(stateDir))
  if (!existsSync(file)) throw noStore(stateDir)
  const database = Database.openForReading(file)
  try {
    return read(database)
  } finally {
    database.close()
  }
}

export function noStore(stateDir: string): UsageError {
  return new UsageError(
    `there is no procwarden data in ${stateDir}: start the loop with procwarden up, or name its folder with --state.dir`,
  )
}
