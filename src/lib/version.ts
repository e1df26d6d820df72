/** Owns knowing which procwarden this is, from its package file. */
import { readFileSync } from 'node:fs'
import { assert } from './errors.ts'
import { embeddedText, isSingleFile } from './single-file.ts'

/** The package's version, such as `0.1.0`. The file is two folders up, from the sources as from the compiled program. */
export function readVersion(): string {
  const text = isSingleFile() ? embeddedText('package.json') : readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const content: unknown = JSON.parse(text)
  assert(typeof content === 'object' && content !== null && 'version' in content, 'a package has a version')
  return String(content.version)
}
