/**
 * Owns telling a program that copies, converts or unpacks from one that repeats itself: the first reads something new for what it
 * creates, the second has nothing to read, or the same thing over and over. Reads /proc for a few seconds; judges nobody by name.
 */
import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'

interface SourcesOptions {
  readonly procfsRoot: string
  readonly pid: number
  readonly signal?: AbortSignal
}

interface Sources {
  /** Files, and places in them, that were read and had not been before. */
  readonly placesRead: number
  /** Different files that were open for writing. */
  readonly filesWritten: number
}

/** Of the calls that write. Whoever reads more rarely has no source for what it creates. */
const READS_SHARE_MIN = 0.5
/** Every storm waits for this, also one that is nothing but writing. */
const CALLS_MS = 75
/** In the first part everything is new, a document that is read again and again as well. */
const FIRST_MS = 1_000
/** Then as long as it takes to have seen some of what it writes: on a busy machine neither of us gets a processor all the time. */
const ROUND_MS = 1_000
const ROUNDS_MIN = 2
const ROUNDS_MAX = 6
const WRITTEN_MIN = 10
const PLACES_MIN = 3
const SLICE_MS = 15
const REMEMBERED_MAX = 20_000
const DESCRIPTORS_MAX = 64
const FREE_PROBED = 3

/** Undefined when it has no sources: what it creates comes out of itself. Takes less than a tenth of a second then, three to seven seconds otherwise. */
export async function observeSources(options: SourcesOptions): Promise<Sources | undefined> {
  const before = callsOf(options)
  await delay(CALLS_MS, undefined, { signal: options.signal })
  const after = callsOf(options)
  if (before === undefined || after === undefined) return undefined
  const reads = after.reads - before.reads
  if (reads === 0 || reads < READS_SHARE_MIN * (after.writes - before.writes)) return undefined
  const watched: Watched = { read: new Map(), written: new Set() }
  await watch(options, FIRST_MS, watched)
  const known = placesIn(watched)
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    await watch(options, ROUND_MS, watched)
    const placesRead = [...placesIn(watched)].filter((place) => !known.has(place)).length
    if (round >= ROUNDS_MIN && placesRead >= PLACES_MIN) return { placesRead, filesWritten: watched.written.size }
    if (round >= ROUNDS_MIN && placesRead === 0 && watched.written.size >= WRITTEN_MIN) return undefined
  }
  return undefined
}

/** Files, and of those that were only ever read onwards how far: an archive is one file, and each part of it another source. */
function placesIn({ read }: Watched): Set<string> {
  return new Set(
    [...read].flatMap(([file, { positions, isOnwards }]) => [file, ...(isOnwards ? [...positions].map((at) => `${file}@${at}`) : [])]),
  )
}

/** `syscr` and `syscw` of proc_pid_io(5): sendfile(2) and copy_file_range(2) count as both. */
function callsOf({ procfsRoot, pid }: SourcesOptions): { readonly reads: number; readonly writes: number } | undefined {
  const text = attempt(() => readFileSync(path.join(procfsRoot, String(pid), 'io'), 'latin1'))
  const [reads, writes] = ['syscr', 'syscw'].map((name) => new RegExp(`^${name}: (\\d+)$`, 'm').exec(text ?? '')?.[1])
  return reads === undefined || writes === undefined ? undefined : { reads: Number(reads), writes: Number(writes) }
}

interface Watched {
  readonly read: Map<string, Reading>
  readonly written: Set<string>
}

interface Reading {
  readonly positions: Set<number>
  furthest: number
  /** A template is read from its beginning again and again. */
  isOnwards: boolean
}

async function watch({ procfsRoot, pid, signal }: SourcesOptions, durationMs: number, watched: Watched): Promise<void> {
  const folder = path.join(procfsRoot, String(pid))
  const end = performance.now() + durationMs
  while (performance.now() < end) {
    signal?.throwIfAborted()
    const open = (attempt(() => readdirSync(`${folder}/fd`)) ?? []).slice(0, DESCRIPTORS_MAX)
    for (const descriptor of open) look(folder, descriptor, watched)
    // A file that is opened gets the lowest free descriptor (open(2)).
    const free = Array.from({ length: DESCRIPTORS_MAX }, (_, number) => String(number)).filter((number) => !open.includes(number))
    const sliceEnd = performance.now() + SLICE_MS
    while (performance.now() < sliceEnd) for (const descriptor of free.slice(0, FREE_PROBED)) look(folder, descriptor, watched)
    await nextTurn()
  }
}

/** Notes what file the descriptor holds; of one that is read, where: an archive is one file, and each part of it another source. */
function look(folder: string, descriptor: string, { read, written }: Watched): void {
  // The link's own mode tells how the file is open: bit 0200 is for writing (proc_pid_fd(5)).
  const stats = attempt(() => lstatSync(`${folder}/fd/${descriptor}`, { throwIfNoEntry: false }))
  const target = stats && attempt(() => readlinkSync(`${folder}/fd/${descriptor}`))
  if (stats === undefined || target?.startsWith('/') !== true || target.startsWith('/dev/')) return
  if ((stats.mode & 0o200) !== 0) {
    if (written.size < REMEMBERED_MAX) written.add(target)
    return
  }
  const known = read.get(target) ?? { positions: new Set(), furthest: 0, isOnwards: true }
  if (read.size < REMEMBERED_MAX) read.set(target, known)
  const position = Number(
    attempt(() => /^pos:\s*(\d+)$/m.exec(readFileSync(`${folder}/fdinfo/${descriptor}`, 'latin1'))?.[1]) ?? known.furthest,
  )
  // Who reads ahead goes back a little; who reads the same again goes back to its beginning.
  if (position < known.furthest / 2) known.isOnwards = false
  known.furthest = Math.max(known.furthest, position)
  if (known.positions.size < REMEMBERED_MAX) known.positions.add(position)
}

/** Processes and descriptors vanish between two calls, and others' are closed to us. */
function attempt<Result>(call: () => Result): Result | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}
