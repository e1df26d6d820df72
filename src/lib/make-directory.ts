/** Owns making a folder together with the ones above it. */
import { mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { errnoOf } from './errors.ts'

/**
 * As `mkdir -p`, new folders with `mode`. Throws the system's error where a folder cannot be made. (`mkdirSync` with
 * `recursive` never returns below file systems that answer ENOENT to every mkdir, such as /proc.)
 */
export function makeDirectory(directory: string, mode = 0o700): void {
  const missing: string[] = []
  for (let at = path.resolve(directory); statSync(at, { throwIfNoEntry: false }) === undefined; at = path.dirname(at)) missing.push(at)
  for (const each of missing.toReversed()) {
    try {
      mkdirSync(each, { mode })
    } catch (error) {
      // Another process was quicker.
      if (errnoOf(error) !== 'EEXIST') throw error
    }
  }
}
