/** Owns looking for files that were born while events were lost: a bounded walk over the watched folders. Counts nothing itself. */
import { lstat, readdir } from 'node:fs/promises'
import { errnoOf } from '../lib/errors.ts'

export interface RescanOptions {
  /** Real paths; none is below another. */
  readonly roots: readonly string[]
  /** Wall clock; files born from the first to the last of these. */
  readonly fromMs: number
  readonly untilMs: number
  /** Whether the folder is to be walked. */
  readonly enters: (directory: string) => boolean
  /** The names of files born then, as bytes. */
  readonly born: (directory: string, names: readonly Buffer[]) => void
  readonly signal: AbortSignal
}

/** What one folder and one rescan may take; beyond, the rescan is incomplete. */
const ENTRIES_MAX = 2_000_000
const WALK_MS_MAX = 60_000
const STATS_AT_ONCE = 32
/** The kernel stamps files with a clock that ticks every 1 to 10 ms. */
const CLOCK_TICK_MS = 10

/** Resolves with whether all folders were looked into. Folders that have gained no entry since then are only passed through. */
export async function rescan(options: RescanOptions): Promise<boolean> {
  const endMs = performance.now() + WALK_MS_MAX
  const folders = [...options.roots]
  let entries = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (options.signal.aborted || performance.now() > endMs || entries > ENTRIES_MAX) return false
    const listed = await list(folder, options)
    entries += listed.entries
    for (const name of listed.folders) folders.push(`${folder === '/' ? '' : folder}/${name}`)
    if (listed.born.length > 0) options.born(folder, listed.born)
  }
  return true
}

interface Listed {
  readonly entries: number
  readonly folders: readonly string[]
  readonly born: readonly Buffer[]
}

async function list(folder: string, options: RescanOptions): Promise<Listed> {
  const nothing: Listed = { entries: 0, folders: [], born: [] }
  if (!options.enters(folder)) return nothing
  try {
    const changedMs = (await lstat(folder)).mtimeMs
    const all = await readdir(folder, { withFileTypes: true, encoding: 'buffer' })
    // A folder whose name is not text is not entered: its path cannot be kept as one.
    const folders = all.filter((entry) => entry.isDirectory()).map((entry) => entry.name.toString())
    const born: Buffer[] = []
    if (changedMs >= options.fromMs - CLOCK_TICK_MS) {
      const files = all.filter((entry) => !entry.isDirectory())
      for (let at = 0; at < files.length && !options.signal.aborted; at += STATS_AT_ONCE) {
        const names = files.slice(at, at + STATS_AT_ONCE).map(({ name }) => name)
        const isBorn = await Promise.all(names.map((name) => wasBorn(folder, name, options)))
        born.push(...names.filter((_, index) => isBorn[index]))
      }
    }
    return { entries: all.length, folders, born }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return nothing
  }
}

async function wasBorn(folder: string, name: Buffer, { fromMs, untilMs }: RescanOptions): Promise<boolean> {
  try {
    const { birthtimeMs } = await lstat(Buffer.concat([Buffer.from(`${folder}/`), name]))
    return birthtimeMs >= fromMs && birthtimeMs <= untilMs
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false
  }
}
