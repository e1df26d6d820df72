/** Owns where a quarantine is kept: on the file system of the files, in a folder that only procwarden's user may enter. */
import { lstatSync, mkdirSync, rmSync, rmdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { errnoOf } from '../../lib/errors.ts'
import { makeDirectory } from '../../lib/make-directory.ts'

/** Of the folder that holds quarantines outside the state folder. Nothing is ever taken from below one. */
export const PLACE_NAME = '.procwarden-quarantine'

/**
 * Folders that could hold it, best first: in the state folder, else as far up from `folder` as its file system reaches. A
 * rename works within one file system only, and nothing is ever copied.
 */
export function quarantinePlaces(folder: string, stateQuarantine: string): string[] {
  const device = statSync(folder).dev
  makeDirectory(stateQuarantine)
  const places = statSync(stateQuarantine).dev === device ? [stateQuarantine] : []
  const above: string[] = []
  for (let at = folder; ; at = path.dirname(at)) {
    if (statSync(at).dev !== device) break
    above.push(path.join(at, PLACE_NAME))
    if (at === path.dirname(at)) break
  }
  return [...places, ...above.toReversed()]
}

/** Makes the folder, or takes it when it is ours alone. False when it cannot be used: another user's, or a link. */
export function preparePlace(place: string): boolean {
  try {
    mkdirSync(place, { mode: 0o700 })
    return true
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') return false
  }
  const stats = lstatSync(place, { throwIfNoEntry: false })
  return stats !== undefined && stats.isDirectory() && stats.uid === process.geteuid?.() && (stats.mode & 0o077) === 0
}

/** Removes a quarantine that no file came into, and its place when nothing else is there. False when a file is in it: all of it stays. */
export function leavePlace(place: string, directory: string): boolean {
  if (!removeEmpty(path.join(directory, 'files'))) return false
  rmSync(directory, { recursive: true, force: true })
  removeEmpty(place)
  return true
}

function removeEmpty(directory: string): boolean {
  try {
    rmdirSync(directory)
    return true
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false
  }
}
