/** Owns copying files and folders into a snapshot and back: bounded in bytes and number, links as links, nothing special. */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { errnoOf, messageOf } from '../../lib/errors.ts'
import { makeDirectory } from '../../lib/make-directory.ts'

const CopiedFile = z.object({
  /** Absolute. */
  path: z.string(),
  kind: z.enum(['file', 'link', 'folder']),
  /** Below the snapshot's paths folder; for a link where it leads. */
  stored: z.string(),
  mode: z.number(),
  uid: z.number(),
  gid: z.number(),
  mtimeMs: z.number(),
})
export const CopiedPaths = z.object({ files: z.array(CopiedFile), skipped: z.array(z.string()), bytes: z.number() })
export type CopiedPaths = z.infer<typeof CopiedPaths>

const FILES_MAX = 10_000
const CHUNK_BYTES = 1_048_576
const SKIPPED_TOLD_MAX = 100

/** Copies into `directory`. What cannot be copied, or does not fit, is named in `skipped` with why. */
export function copyPaths(paths: readonly string[], directory: string, bytesMax: number): CopiedPaths {
  const copied: { files: z.infer<typeof CopiedFile>[]; skipped: string[]; bytes: number } = { files: [], skipped: [], bytes: 0 }
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
      copied.bytes += copyContent(name, path.join(directory, stored), bytesMax - copied.bytes)
      copied.files.push({ ...entry, kind: 'file', stored })
    }
  }
  const attempt = (name: string): void => {
    try {
      copy(name)
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      skip(name, messageOf(error))
    }
  }
  if (paths.length > 0) makeDirectory(directory)
  for (const each of paths) attempt(path.resolve(each))
  return copied
}

/** Puts everything back as it was. Returns a sentence for each thing that could not be. */
export function restorePaths({ files }: CopiedPaths, directory: string): string[] {
  const failed: string[] = []
  for (const file of files) {
    try {
      if (file.kind === 'folder') makeDirectory(file.path, file.mode)
      else replaceFile(file, directory)
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      failed.push(`${file.path}: ${messageOf(error)}`)
    }
  }
  return failed
}

/** Written beside and renamed over, so that the path is never half a file, and a link there is replaced and not followed. */
function replaceFile(file: z.infer<typeof CopiedFile>, directory: string): void {
  const beside = `${file.path}.procwarden-${process.pid}`
  try {
    if (file.kind === 'link') symlinkSync(file.stored, beside)
    else {
      copyFileSync(path.join(directory, file.stored), beside, constants.COPYFILE_EXCL)
      if (process.geteuid?.() === 0) chownSync(beside, file.uid, file.gid)
      chmodSync(beside, file.mode)
      utimesSync(beside, file.mtimeMs / 1000, file.mtimeMs / 1000)
    }
    renameSync(beside, file.path)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}

/** Reads no more than `bytesMax`, however the file grows meanwhile, and never blocks on a pipe that took its name. */
function copyContent(from: string, to: string, bytesMax: number): number {
  const source = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    if (!fstatSync(source).isFile()) return 0
    const target = openSync(to, 'wx', 0o600)
    try {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
      let at = 0
      while (at < bytesMax) {
        const read = readSync(source, chunk, 0, Math.min(chunk.length, bytesMax - at), at)
        if (read === 0) break
        writeSync(target, chunk, 0, read)
        at += read
      }
      fsyncSync(target)
      return at
    } finally {
      closeSync(target)
    }
  } finally {
    closeSync(source)
  }
}
