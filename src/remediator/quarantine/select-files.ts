/** Owns choosing which files below a folder are a storm's, and counting, with reasons, which are not. Moves nothing. */
import { createHash } from 'node:crypto'
import { closeSync, constants, openSync, readSync, type Stats } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { errnoOf } from '../../lib/errors.ts'
import { openFolder, type AnchoredFolder } from '../../lib/linux/anchored-folder.ts'
import { PLACE_NAME } from './place.ts'

export interface StormFile {
  /** Names of the folders below the root, then of the file. */
  readonly parts: readonly Buffer[]
  readonly stats: Stats
}

export interface SelectOptions {
  /** An absolute path without links. */
  readonly folder: string
  /** Wall clock, milliseconds: created at or after. */
  readonly fromMs: number
  /** Of the writer, where it is known. */
  readonly uid: number | undefined
  readonly filesMax: number
  readonly duplicatesOnly: boolean
  /** Folders that are not entered (absolute paths without links); nor is any place of quarantines. */
  readonly exclude: readonly string[]
}

export const LEFT_REASONS = [
  'older',
  'other_owner',
  'not_regular',
  'other_filesystem',
  'age_unknown',
  'unreadable',
  'too_many',
  'unique',
  'original',
] as const
export type LeftReason = (typeof LEFT_REASONS)[number]

export interface Selection {
  readonly files: readonly StormFile[]
  readonly left: Readonly<Partial<Record<LeftReason, number>>>
}

const PLACE = Buffer.from(PLACE_NAME)
const DEPTH_MAX = 64
/** Then other work gets its turn. */
const FILES_A_TURN = 500
const HASH_CHUNK_BYTES = 65_536

/** Throws the system's error when the folder itself cannot be opened. */
export async function selectFiles(options: SelectOptions, signal: AbortSignal): Promise<Selection> {
  const root = openFolder(options.folder)
  const left: Partial<Record<LeftReason, number>> = {}
  const files: StormFile[] = []
  const leave = (reason: LeftReason): void => void (left[reason] = (left[reason] ?? 0) + 1)
  try {
    const device = root.stat().dev
    await walk(root, [], { ...options, device, files, leave, looked: { count: 0 } }, signal)
    if (!options.duplicatesOnly) return { files, left }
    const duplicates = await onlyDuplicates(root, files, leave, signal)
    return { files: duplicates, left }
  } finally {
    root.close()
  }
}

interface Walk extends SelectOptions {
  readonly device: number
  readonly files: StormFile[]
  readonly leave: (reason: LeftReason) => void
  readonly looked: { count: number }
}

async function walk(folder: AnchoredFolder, parts: readonly Buffer[], context: Walk, signal: AbortSignal): Promise<void> {
  for (const name of folder.names()) {
    if (++context.looked.count % FILES_A_TURN === 0) {
      await nextTurn()
      signal.throwIfAborted()
    }
    const stats = folder.lstat(name)
    if (stats === undefined) continue
    if (stats.dev !== context.device) context.leave('other_filesystem')
    else if (stats.isDirectory()) await enter(folder, name, parts, context, signal)
    else if (!stats.isFile()) context.leave('not_regular')
    else judge(stats, [...parts, name], context)
  }
}

async function enter(folder: AnchoredFolder, name: Buffer, parts: readonly Buffer[], context: Walk, signal: AbortSignal): Promise<void> {
  const below = [...parts, name]
  if (below.length > DEPTH_MAX || name.equals(PLACE) || context.exclude.includes(absolutePath(context.folder, below))) return
  let sub: AnchoredFolder
  try {
    sub = folder.open(name)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    context.leave('unreadable')
    return
  }
  try {
    await walk(sub, below, context, signal)
  } finally {
    sub.close()
  }
}

function judge(stats: Stats, parts: readonly Buffer[], { fromMs, uid, filesMax, files, leave }: Walk): void {
  // Some file systems keep no time of birth; what may have been there before is left alone.
  if (stats.birthtimeMs === 0) leave('age_unknown')
  else if (stats.birthtimeMs < fromMs) leave('older')
  else if (uid !== undefined && stats.uid !== uid) leave('other_owner')
  else if (files.length >= filesMax) leave('too_many')
  else files.push({ parts, stats })
}

/** Same size first, then same content: only what could be equal is read. All copies but the oldest are found. */
async function onlyDuplicates(
  root: AnchoredFolder,
  files: readonly StormFile[],
  leave: (reason: LeftReason) => void,
  signal: AbortSignal,
): Promise<StormFile[]> {
  const found: StormFile[] = []
  for (const [, sameSize] of Map.groupBy(files, (file) => file.stats.size)) {
    const byContent = new Map<string, StormFile[]>()
    for (const file of sameSize.length > 1 ? sameSize : []) {
      await nextTurn()
      signal.throwIfAborted()
      const hash = hashOf(root, file)
      if (hash === undefined) leave('unreadable')
      else byContent.set(hash, [...(byContent.get(hash) ?? []), file])
    }
    if (sameSize.length === 1) leave('unique')
    for (const same of byContent.values()) {
      // The oldest of each content stays where it is: one is what a person may have wanted.
      const [oldest, ...copies] = same.toSorted((a, b) => a.stats.birthtimeMs - b.stats.birthtimeMs || a.stats.ino - b.stats.ino)
      found.push(...copies)
      if (oldest) leave(copies.length > 0 ? 'original' : 'unique')
    }
  }
  return found
}

function hashOf(root: AnchoredFolder, { parts, stats }: StormFile): string | undefined {
  try {
    return withFolderOf(root, parts, (folder, name) => {
      const fd = openSync(folder.at(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
      try {
        const hash = createHash('sha256')
        const chunk = Buffer.allocUnsafe(HASH_CHUNK_BYTES)
        for (let at = 0; at < stats.size;) {
          const read = readSync(fd, chunk, 0, chunk.length, at)
          if (read === 0) break
          hash.update(chunk.subarray(0, read))
          at += read
        }
        return hash.digest('hex')
      } finally {
        closeSync(fd)
      }
    })
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}

/** Calls `work` with the file's own folder, opened without following links. */
export function withFolderOf<Result>(
  root: AnchoredFolder,
  parts: readonly Buffer[],
  work: (folder: AnchoredFolder, name: Buffer) => Result,
): Result {
  const opened: AnchoredFolder[] = []
  try {
    let folder = root
    for (const part of parts.slice(0, -1)) {
      folder = folder.open(part)
      opened.push(folder)
    }
    const name = parts.at(-1)
    if (name === undefined) throw new Error('assertion failed: a file has a name')
    return work(folder, name)
  } finally {
    for (const folder of opened) folder.close()
  }
}

function absolutePath(folder: string, parts: readonly Buffer[]): string {
  return `${folder === '/' ? '' : folder}/${parts.map((part) => part.toString('utf8')).join('/')}`
}
