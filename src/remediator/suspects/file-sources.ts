/**
 * Owns telling a program that copies, converts or unpacks from one that repeats itself: the first reads something new for what it
 * creates, the second has nothing to read, or the same thing over and over. Reads /proc for a few seconds; judges nobody by name.
 */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import { FREE_DESCRIPTORS_PROBED, SLICE_MS, attempt, callsOf, fileBehind, openFor } from './open-files.ts'

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
/** Of the files seen being written. Between two looks a descriptor may become another file's, and what is written may seem read now and then. */
const PLACES_SHARE_MIN = 0.05
const REMEMBERED_MAX = 20_000
const DESCRIPTORS_MAX = 64

/** Undefined when it has no sources: what it creates comes out of itself. Takes less than a tenth of a second then, three to seven seconds otherwise. */
export async function observeSources(options: SourcesOptions): Promise<Sources | undefined> {
  const before = callsOf(options.procfsRoot, options.pid)
  await delay(CALLS_MS, undefined, { signal: options.signal })
  const after = callsOf(options.procfsRoot, options.pid)
  if (before === undefined || after === undefined) return undefined
  const reads = after.readSyscalls - before.readSyscalls
  if (reads === 0 || reads < READS_SHARE_MIN * (after.writeSyscalls - before.writeSyscalls)) return undefined
  const watched: Watched = { read: new Map(), written: new Set() }
  await watch(options, FIRST_MS, watched)
  const known = placesIn(watched)
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    await watch(options, ROUND_MS, watched)
    const placesRead = [...placesIn(watched)].filter((place) => !known.has(place)).length
    const filesWritten = watched.written.size
    if (round < ROUNDS_MIN) continue
    if (placesRead >= Math.max(PLACES_MIN, PLACES_SHARE_MIN * filesWritten)) return { placesRead, filesWritten }
    if (placesRead === 0 && filesWritten >= WRITTEN_MIN) return undefined
  }
  return undefined
}

/** Files, and of those that were only ever read onwards how far: an archive is one file, and each part of it another source. */
function placesIn({ read }: Watched): Set<string> {
  return new Set(
    [...read].flatMap(([file, { positions, isOnwards }]) => [file, ...(isOnwards ? [...positions].map((at) => `${file}@${at}`) : [])]),
  )
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
    const free = Array.from({ length: DESCRIPTORS_MAX }, (_, number) => String(number)).filter((number) => !open.includes(number))
    const sliceEnd = performance.now() + SLICE_MS
    while (performance.now() < sliceEnd) for (const descriptor of free.slice(0, FREE_DESCRIPTORS_PROBED)) look(folder, descriptor, watched)
    await nextTurn()
  }
}

/** Notes what file the descriptor holds; of one that is read, where: an archive is one file, and each part of it another source. */
function look(folder: string, descriptor: string, { read, written }: Watched): void {
  const link = `${folder}/fd/${descriptor}`
  const how = openFor(link)
  const target = how && fileBehind(link)
  if (target?.startsWith('/') !== true || target.startsWith('/dev/')) return
  // Between the two looks it may have become another file's: what is written would pass for read.
  if (how === 'reading' && (openFor(link) !== how || fileBehind(link) !== target)) return
  if (how === 'writing') {
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
