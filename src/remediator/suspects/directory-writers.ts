/**
 * Owns finding out who writes into a folder when no pid is known: it looks at the open files of busy processes, over and
 * over for a few seconds, and names a process only when it was seen holding several new files there open for writing.
 */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import { FREE_DESCRIPTORS_PROBED, SLICE_MS, attempt, callsOf, fileBehind, openFor } from './open-files.ts'

export interface WriterSighting {
  readonly pid: number
  /** Different files below the folder that it was seen holding open for writing. */
  readonly filesSeen: number
  /** Between the first and the last new file seen. */
  readonly spanMs: number
}

export interface DirectoryObservation {
  /** The one process that is clearly the writer. */
  readonly writer: WriterSighting | undefined
  /** All that were seen, the busiest first. */
  readonly sightings: readonly WriterSighting[]
  /** Processes whose open files could be looked at. */
  readonly candidates: number
}

export interface ObserveOptions {
  readonly procfsRoot: string
  readonly directory: string
  /** Never suspects, whatever they hold open. */
  readonly exclude: ReadonlySet<number>
  readonly durationMs: number
  readonly signal?: AbortSignal
}

/**
 * Fewer than this is chance: a log, an editor, a download. Together with the span it is a pace that no bystander keeps
 * for long without being a storm itself.
 */
const FILES_SEEN_MIN = 5
/** Whoever saves a few files at once is done before this. */
const SPAN_MS_MIN = 1_500
/** Of all sightings the writer must have this share; else there are several writers and none is named. */
const SHARE_MIN = 0.8
/** More names prove nothing more. */
const FILES_REMEMBERED_MAX = 10_000
const WARM_UP_MS = 150
const CANDIDATES_MAX = 64
/** How often the busy processes are picked anew: a program may start writing later. */
const REFRESH_MS = 1_000
/** A shell opens the file of `echo > file` and moves it onto its standard output. */
const STANDARD_OUTPUT = 1

interface Candidate {
  readonly pid: number
  /** /proc/PID/fd/N of the descriptors where the next new file will appear. */
  readonly probes: readonly string[]
}

/** Looks for up to `durationMs`; uses up to one core meanwhile, in slices. */
export async function observeDirectoryWriters(options: ObserveOptions): Promise<DirectoryObservation> {
  const seen = new Map<number, Seen>()
  const end = performance.now() + options.durationMs
  let candidates: Candidate[] = []
  let refreshAt = 0
  while (performance.now() < end && judge(seen, 0).writer === undefined) {
    options.signal?.throwIfAborted()
    if (performance.now() >= refreshAt) {
      candidates = (await busyWriters(options)).map((pid) => candidateOf(pid, options, seen))
      refreshAt = performance.now() + REFRESH_MS
    }
    if (candidates.length === 0) {
      await delay(WARM_UP_MS)
      continue
    }
    const sliceEnd = performance.now() + SLICE_MS
    while (performance.now() < sliceEnd)
      for (const candidate of candidates) for (const link of candidate.probes) look(candidate.pid, link, options, seen)
    await nextTurn()
  }
  return judge(seen, candidates.length)
}

/** What one process was seen holding open. */
interface Seen {
  readonly files: Set<string>
  readonly firstAtMs: number
  lastAtMs: number
}

function judge(seen: ReadonlyMap<number, Seen>, candidates: number): DirectoryObservation {
  const sightings = [...seen]
    .map(([pid, { files, firstAtMs, lastAtMs }]) => ({ pid, filesSeen: files.size, spanMs: lastAtMs - firstAtMs }))
    .toSorted((a, b) => b.filesSeen - a.filesSeen)
  const total = sightings.reduce((sum, sighting) => sum + sighting.filesSeen, 0)
  const first = sightings[0]
  const isWriter =
    first !== undefined && first.filesSeen >= FILES_SEEN_MIN && first.spanMs >= SPAN_MS_MIN && first.filesSeen >= SHARE_MIN * total
  return { writer: isWriter ? first : undefined, sightings, candidates }
}

/** Processes whose count of write calls rises: only they can be creating files. Busiest first. */
async function busyWriters(options: ObserveOptions): Promise<number[]> {
  const before = writeCallsByPid(options)
  await delay(WARM_UP_MS)
  const after = writeCallsByPid(options)
  return [...after]
    .map(([pid, calls]) => ({ pid, rise: calls - (before.get(pid) ?? calls) }))
    .filter((process) => process.rise > 0)
    .toSorted((a, b) => b.rise - a.rise)
    .slice(0, CANDIDATES_MAX)
    .map((process) => process.pid)
}

/** Processes of other users stay out without the privilege to read it. */
function writeCallsByPid(options: ObserveOptions): Map<number, number> {
  const calls = new Map<number, number>()
  for (const name of readdirSync(options.procfsRoot)) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || options.exclude.has(pid)) continue
    const count = callsOf(options.procfsRoot, pid)?.writeSyscalls
    if (count !== undefined) calls.set(pid, count)
  }
  return calls
}

/** Looks at all of its open files once; what is free among the numbers is where new files will show up. */
function candidateOf(pid: number, options: ObserveOptions, seen: Map<number, Seen>): Candidate {
  const folder = path.join(options.procfsRoot, String(pid), 'fd')
  const open = new Set(attempt(() => readdirSync(folder)) ?? [])
  for (const descriptor of open) look(pid, `${folder}/${descriptor}`, options, seen)
  const probes = [`${folder}/${STANDARD_OUTPUT}`]
  for (let number = 0; probes.length <= FREE_DESCRIPTORS_PROBED; number++) if (!open.has(String(number))) probes.push(`${folder}/${number}`)
  return { pid, probes }
}

/** Notes the file when the descriptor holds one below the folder open for writing. */
function look(pid: number, link: string, options: ObserveOptions, seen: Map<number, Seen>): void {
  if (openFor(link) !== 'writing') return
  const target = fileBehind(link)
  if (target === undefined || !target.startsWith(options.directory.endsWith('/') ? options.directory : `${options.directory}/`)) return
  const nowMs = performance.now()
  const known = seen.get(pid) ?? { files: new Set<string>(), firstAtMs: nowMs, lastAtMs: nowMs }
  seen.set(pid, known)
  if (known.files.has(target) || known.files.size >= FILES_REMEMBERED_MAX) return
  known.files.add(target)
  known.lastAtMs = nowMs
}
