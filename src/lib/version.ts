/** Owns knowing which procwarden this is, from its package file. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'

const PackageFile = z.object({ version: z.string() })

/** The package's version, such as `0.1.0`. The file is two folders up, from the sources as from the compiled program. */
export function readVersion(): string {
  return PackageFile.parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))).version
}
