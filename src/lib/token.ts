/** Owns bearer tokens: making one in a file only its owner can read, reading it back, and comparing in constant time. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { UsageError, errnoOf, messageOf } from './errors.ts'
import { makeDirectory } from './make-directory.ts'

/** Writes a fresh token (256 bits, URL-safe) with mode 0600 and returns it. */
export function writeFreshToken(file: string): string {
  const token = randomBytes(32).toString('base64url')
  makeDirectory(path.dirname(file))
  writeFileSync(file, `${token}\n`, { mode: 0o600 })
  // The mode above is ignored for a file that was there before.
  chmodSync(file, 0o600)
  return token
}

/** The token of a file; with `create`, a missing file is made. Throws UsageError when it cannot be read or is too short to be one. */
export function readToken(file: string, options: { readonly create: boolean }): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (options.create && errnoOf(error) === 'ENOENT') return writeFreshToken(file)
    throw new UsageError(`cannot read the token file ${file}: ${messageOf(error)}`, error)
  }
  if (text.length < 16) throw new UsageError(`the token in ${file} is shorter than 16 characters: delete the file and a fresh one is made`)
  return text
}

/** Whether an Authorization header carries the token. Takes the same time for every wrong one. */
export function isAuthorized(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? ''
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token)) && given !== ''
}
