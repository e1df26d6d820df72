/** Owns moving a storm's files into quarantine: by rename, each checked to be the one that was chosen, nothing ever deleted. */
import { lstatSync, mkdirSync, renameSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { errnoOf } from '../../lib/errors.ts'
import { openFolder, type AnchoredFolder } from '../../lib/linux/anchored-folder.ts'
import { printable } from '../../lib/log.ts'
import { appendToManifest, createManifest, storedFile, type ManifestEntry, type ManifestHeader } from './manifest.ts'
import { leavePlace, preparePlace } from './place.ts'
import { withFolderOf, type StormFile } from './select-files.ts'

export interface MovedFiles {
  /** Where they are now. */
  readonly directory: string
  readonly files: number
  readonly bytes: number
  /** Changed or vanished between being chosen and being moved; left where they are. */
  readonly missed: number
}

/** Entries are made durable this many at a time, before their files are moved. */
const BATCH = 500

/**
 * Undefined when none of the places may be used or can take the files; nothing is left of them then. `onPlace` is told before
 * anything is moved, and once more for each further place.
 */
export async function moveFiles(
  header: ManifestHeader,
  files: readonly StormFile[],
  places: readonly string[],
  onPlace: (directory: string) => void,
  signal: AbortSignal,
): Promise<MovedFiles | undefined> {
  const root = openFolder(header.folder)
  try {
    for (const place of places) {
      if (!preparePlace(place)) continue
      const directory = path.join(place, header.id)
      mkdirSync(directory, { mode: 0o700 })
      mkdirSync(path.join(directory, 'files'), { mode: 0o700 })
      createManifest(directory, header)
      onPlace(directory)
      const moved = await moveAll(root, place, directory, files, signal)
      if (moved !== undefined) return moved
    }
    return undefined
  } finally {
    root.close()
  }
}

/**
 * Undefined when the first file shows that the place cannot take any: it was left again. Between two mounts of one file system
 * the device is the same, and a file cannot be renamed all the same (rename(2), EXDEV).
 */
async function moveAll(
  root: AnchoredFolder,
  place: string,
  directory: string,
  files: readonly StormFile[],
  signal: AbortSignal,
): Promise<MovedFiles | undefined> {
  let [count, bytes, missed] = [0, 0, 0]
  for (let from = 0; from < files.length; from += BATCH) {
    signal.throwIfAborted()
    const entries = files.slice(from, from + BATCH).map((file, index) => ({ file, entry: entryOf(file, from + index + 1) }))
    appendToManifest(
      directory,
      entries.map(({ entry }) => entry),
    )
    for (const { file, entry } of entries) {
      const result = moveOne(root, directory, file, entry)
      if (result === 'other_mount') {
        if (count === 0 && leavePlace(place, directory)) return undefined
        missed += 1
      } else if (result === 'missed') missed += 1
      else {
        count += 1
        bytes += entry.size
      }
    }
    await nextTurn()
  }
  return { directory, files: count, bytes, missed }
}

function moveOne(root: AnchoredFolder, directory: string, file: StormFile, entry: ManifestEntry): 'moved' | 'missed' | 'other_mount' {
  const stored = storedFile(directory, entry)
  try {
    return withFolderOf(root, file.parts, (folder, name) => {
      renameSync(folder.at(name), stored)
      const now = lstatSync(stored)
      // Another file may have taken the name since it was chosen: that one goes back.
      if (now.isFile() && now.ino === entry.ino && now.dev === entry.dev) return 'moved'
      renameSync(stored, folder.at(name))
      return 'missed'
    })
  } catch (error) {
    const code = errnoOf(error)
    if (code === undefined) throw error
    return code === 'EXDEV' ? 'other_mount' : 'missed'
  }
}

function entryOf({ parts, stats }: StormFile, n: number): ManifestEntry {
  const relative = Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from('/'), part])))
  const { dev, ino, size, mode, uid, gid, mtimeMs, birthtimeMs } = stats
  return {
    n,
    hex: relative.toString('hex'),
    path: printable(relative.toString('utf8')),
    dev,
    ino,
    size,
    mode,
    uid,
    gid,
    mtimeMs,
    birthtimeMs,
  }
}
