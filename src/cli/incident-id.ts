/** Owns turning what a person types for an incident into its id: the beginning is enough, where the store can be read. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { UsageError } from '../lib/errors.ts'
import { databasePath } from '../remediator/store/database.ts'
import { findIncidentIds } from '../remediator/store/incidents/find-incident-ids.ts'
import { readStore } from './read-store.ts'

const SUGGESTED_MAX = 5

/** What is no beginning of anything here is given back as it is: the remediator that is asked may know it. Throws UsageError for an ambiguous one. */
export function wholeIncidentId(text: string, stateDir: string): string {
  if (!existsSync(databasePath(path.resolve(stateDir)))) return text
  const ids = readStore(stateDir, (database) => findIncidentIds(database, text, SUGGESTED_MAX))
  if (ids.length > 1) throw new UsageError(`${text} is the beginning of several incidents: ${ids.join(', ')}`)
  return ids[0] ?? text
}
