/** Owns copying files and folders into a snapshot: bounded in bytes and number, links as links, nothing special. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, realpathSync, type Stats } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { errnoOf, messageOf } from '../../lib/errors.ts'
import { makeDirectory } from '../../lib/make-directory.ts'
import { copyBytes } from './copy-bytes.ts'

const CopiedFile = z.object({
  /** Absolute, without a link above its last part. */
  path: z.string(),
  kind: z.enum(['file', 'link', 'folder']),
  /** Below the snapshot's paths folder; for a link where it leads. */
  stored: z.string(),
  mode: z.number(),
  uid: z.number(),
  gid: z.number(),
  mtimeMs: z.number(),
})
export type CopiedFile = z.infer<typeof CopiedFile>

export const CopiedPaths = z.object({ files: z.array(CopiedFile), skipped: z.array(z.string()), bytes: z.number() })
export type CopiedPaths = z.infer<typeof CopiedPaths>

const FILES_MAX = 10_000
const SKIPPED_TOLD_MAX = 100

/** Copies into `directory`. What cannot be copied, or does not fit, is named in `skipped` with why. */
export function copyPaths(paths: readonly string[], directory: string, bytesMax: number): CopiedPaths {
  const copied: { files: CopiedFile[]; skipped: string[]; bytes: number } = { files: [], skipped: [], bytes: 0 }
  const skip = (name: string, why: string): void => {
    if (copied.skipped.length < SKIPPED_TOLD_MAX) copied.skipped.push(`${name}: ${why}`)
  }
  const copy = (name: string): void => {
    const stats = lstatSync(name, { throwIfNoEntry: false })
    if (stats === undefined) return skip(name, 'it is not there')
    if (copied.files.length >= FILES_MAX) return skip(name, `more than ${FILES_MAX} files`)
    const { mode, uid, gid, mtimeMs } = stats
    const entry = { path: name, mode: mode & 0o7777, uid, gid, mtimeMs }
    if (stats.isSymbolicLink()) copied.files.push({ ...entry, kind: 'link', stored: readlinkSync(name) })
    else if (stats.isDirectory()) {
      copied.files.push({ ...entry, kind: 'folder', stored: '' })
      for (const each of readdirSync(name)) attempt(path.join(name, each))
    } else if (!stats.isFile()) skip(name, 'it is no regular file')
    else if (copied.bytes + stats.size > bytesMax) skip(name, `more than ${bytesMax} bytes together`)
    else {
      const stored = String(copied.files.length + 1).padStart(6, '0')
      copied.bytes += copyContent(name, stats, path.join(directory, stored), bytesMax - copied.bytes)
      copied.files.push({ ...entry, kind: 'file', stored })
    }
  }
  const attempt = (name: string, placeOf = (): string => name): void => {
    try {
      copy(placeOf())
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      skip(name, messageOf(error))
    }
  }
  if (paths.length > 0) makeDirectory(directory)
  for (const each of paths) attempt(each, () => realPlace(path.resolve(each)))
  return copied
}

/** Restoring follows no link, so that none planted later can lead it elsewhere: those of today are followed now. */
function realPlace(name: string): string {
  return path.join(realpathSync(path.dirname(name)), path.basename(name))
}

/**
 * Reads no more than `bytesMax`, however the file grows meanwhile, and never blocks on a pipe that took its name. Another file
 * under it is not copied: restored, it would belong to the owner of this one.
 */
function copyContent(from: string, seen: Stats, to: string, bytesMax: number): number {
  const source = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const now = fstatSync(source)
    if (now.ino !== seen.ino || now.dev !== seen.dev)
      throw Object.assign(new Error('it was exchanged while it was copied'), { code: 'ESTALE' })
    const target = openSync(to, 'wx', 0o600)
    try {
      return copyBytes(source, target, bytesMax)
    } finally {
      closeSync(target)
    }
  } finally {
    closeSync(source)
  }
}
