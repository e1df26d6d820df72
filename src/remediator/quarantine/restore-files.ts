/** Owns bringing files back from quarantine, all or some: to where they were, never over something that is there now. */
import { chownSync, linkSync, lstatSync, mkdirSync, renameSync, rmSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { errnoOf, messageOf } from '../../lib/errors.ts'
import { openFolder, type AnchoredFolder } from '../../lib/linux/anchored-folder.ts'
import { readManifest, storedFile, type ManifestEntry } from './manifest.ts'

export interface RestoredFiles {
  readonly restored: number
  /** Still in quarantine, each with why. At most 20 are told. */
  readonly failed: readonly string[]
  readonly failedCount: number
  /** Still in quarantine after this, whether asked for or not. */
  readonly left: number
}

const FAILURES_TOLD_MAX = 20
const FILES_A_TURN = 500

/** `only`: absolute or relative paths; all when left out. Undefined when there is no manifest. */
export async function restoreFiles(directory: string, only: readonly string[] | undefined): Promise<RestoredFiles | undefined> {
  const manifest = readManifest(directory)
  if (manifest === undefined) return undefined
  const { folder } = manifest.header
  const wanted = only && new Set(only.map((each) => path.resolve(folder, each)))
  const failed: string[] = []
  let [restored, failedCount, left, looked] = [0, 0, 0, 0]
  for (const entry of manifest.entries) {
    if (++looked % FILES_A_TURN === 0) await nextTurn()
    const stored = lstatSync(storedFile(directory, entry), { throwIfNoEntry: false })
    // Never moved, or brought back before.
    if (stored === undefined) continue
    const isWanted = wanted === undefined || wanted.has(path.join(folder, Buffer.from(entry.hex, 'hex').toString('utf8')))
    const why = !isWanted
      ? undefined
      : stored.ino === entry.ino
        ? restoreOne(directory, folder, entry)
        : 'it is not the file that was moved'
    if (isWanted && why === undefined) {
      restored += 1
      continue
    }
    left += 1
    if (why === undefined) continue
    failedCount += 1
    if (failed.length < FAILURES_TOLD_MAX) failed.push(`${folder}/${entry.path}: ${why}`)
  }
  return { restored, failed, failedCount, left }
}

/** Removes a quarantine for good. */
export function removeQuarantine(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}

function restoreOne(directory: string, folder: string, entry: ManifestEntry): string | undefined {
  const parts = splitPath(Buffer.from(entry.hex, 'hex'))
  const opened: AnchoredFolder[] = []
  try {
    let at = openOrMake(folder)
    opened.push(at)
    for (const part of parts.slice(0, -1)) {
      at = openSub(at, part, entry)
      opened.push(at)
    }
    return putBack(storedFile(directory, entry), at, parts.at(-1) ?? Buffer.alloc(0))
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return messageOf(error)
  } finally {
    for (const one of opened) one.close()
  }
}

/** A hard link refuses to replace what is there (link(2)), which a rename would. */
function putBack(stored: string, folder: AnchoredFolder, name: Buffer): string | undefined {
  try {
    linkSync(stored, folder.at(name))
    unlinkSync(stored)
    return undefined
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'EEXIST') return 'another file has its name now'
    // Some file systems have no links, and of other users' files they may be forbidden (proc_sys_fs(5), protected_hardlinks).
    if (code !== 'EPERM' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error
  }
  if (folder.lstat(name) !== undefined) return 'another file has its name now'
  renameSync(stored, folder.at(name))
  return undefined
}

function openOrMake(folder: string): AnchoredFolder {
  try {
    return openFolder(folder)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
  mkdirSync(folder, { mode: 0o755 })
  return openFolder(folder)
}

function openSub(folder: AnchoredFolder, part: Buffer, { uid, gid }: ManifestEntry): AnchoredFolder {
  try {
    return folder.open(part)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
  mkdirSync(folder.at(part), { mode: 0o755 })
  if (process.geteuid?.() === 0) chownSync(folder.at(part), uid, gid)
  return folder.open(part)
}

function splitPath(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = []
  for (let from = 0; from <= bytes.length;) {
    const slash = bytes.indexOf(0x2f, from)
    const end = slash < 0 ? bytes.length : slash
    parts.push(bytes.subarray(from, end))
    from = end + 1
  }
  return parts
}
