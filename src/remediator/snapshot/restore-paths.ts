/**
 * Owns putting a snapshot's files, links and folders back. Strangers may be able to write where they go: folders are opened
 * step by step without following a link, and owner, mode and times are set through descriptors, never by name.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  futimesSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import path from 'node:path'
import { errnoOf, messageOf } from '../../lib/errors.ts'
import { openFolder, type AnchoredFolder } from '../../lib/linux/anchored-folder.ts'
import { copyBytes } from './copy-bytes.ts'
import type { CopiedFile } from './copy-paths.ts'

export interface NotRestored {
  readonly file: CopiedFile
  readonly why: string
}

const READ = constants.O_RDONLY | constants.O_NOFOLLOW
const WRITE_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/** Puts these back as they were; `directory` holds their contents. Returns what could not be. */
export function restorePaths(files: readonly CopiedFile[], directory: string): NotRestored[] {
  const failed: NotRestored[] = []
  for (const file of files) {
    try {
      if (file.kind === 'folder') restoreFolder(file)
      else replaceFile(file, directory)
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      failed.push({ file, why: messageOf(error) })
    }
  }
  return failed
}

/** One that is there is left as it is. Of those above it nothing is recorded: made anew, they let everybody pass. */
function restoreFolder(file: CopiedFile): void {
  openOrMake(file.path, ({ fd }) => giveBack(fd, file)).close()
}

/** Written beside and renamed over, so that the path is never half a file, and a link there is replaced and not followed. */
function replaceFile(file: CopiedFile, directory: string): void {
  const folder = openFolder(path.dirname(file.path))
  try {
    const name = path.basename(file.path)
    const beside = folder.at(`${name}.procwarden-${process.pid}`)
    // Both refuse a name that is taken: what has it is not ours, and stays.
    const target = file.kind === 'link' ? undefined : openSync(beside, WRITE_NEW, 0o600)
    if (target === undefined) symlinkSync(file.stored, beside)
    try {
      if (target !== undefined) fill(target, file, directory)
      renameSync(beside, folder.at(name))
    } catch (error) {
      rmSync(beside, { force: true })
      throw error
    }
  } finally {
    folder.close()
  }
}

/** Contents and what belongs to them, on disk on return. Closes the target. */
function fill(target: number, file: CopiedFile, directory: string): void {
  try {
    const source = openSync(path.join(directory, file.stored), READ)
    try {
      copyBytes(source, target)
    } finally {
      closeSync(source)
    }
    giveBack(target, file)
    futimesSync(target, file.mtimeMs / 1000, file.mtimeMs / 1000)
    fsyncSync(target)
  } finally {
    closeSync(target)
  }
}

/** The owner first: chown(2) takes set-user-id bits away. */
function giveBack(fd: number, { uid, gid, mode }: CopiedFile): void {
  if (process.geteuid?.() === 0) fchownSync(fd, uid, gid)
  fchmodSync(fd, mode)
}

/** Opens a folder; where it is missing it is made, with those above it, and handed to `made`. */
function openOrMake(directory: string, made: (folder: AnchoredFolder) => void): AnchoredFolder {
  try {
    return openFolder(directory)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
  const parent = openOrMake(path.dirname(directory), ({ fd }) => fchmodSync(fd, 0o755))
  try {
    const name = path.basename(directory)
    mkdirSync(parent.at(name), { mode: 0o700 })
    const folder = parent.open(name)
    try {
      // With something in it, it is another one that was put in its place.
      if (folder.names().length === 0) made(folder)
      return folder
    } catch (error) {
      folder.close()
      throw error
    }
  } finally {
    parent.close()
  }
}
