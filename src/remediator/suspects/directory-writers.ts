/**
 * Owns finding out who writes into a folder when no pid is known: it looks at the open files of busy processes, over and
 * over for a few seconds, and names a process only when it was seen opening several new files there for writing, and hardly
 * anyone else was. What a process held open before it was looked at, and what is older than the look, counts for nothing.
 */
import { readdirSync, statSync, type Stats } from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import { watchNewcomers, type Newcomers } from './newcomers.ts'
import { FREE_DESCRIPTORS_PROBED, SLICE_MS, attempt, callsOf, fileBehind, openFor } from './open-files.ts'

export interface WriterSighting {
  readonly pid: number
  /** Different new files below the folder that it was seen holding open for writing. */
  readonly filesSeen: number
  /** Between the first and the last new file seen. */
  readonly spanMs: number
}

export interface DirectoryObservation {
  /** The one process that is clearly the writer. */
  readonly writer: WriterSighting | undefined
  /** Who was seen creating files there, the busiest first; the first few of them. */
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
/** With fewer the look goes on to its end: who else creates files there may only not have been seen yet. */
const FILES_SEEN_CLEAR = 15
/** Whoever saves a few files at once is done before this. */
const SPAN_MS_MIN = 1_500
/** Of all sightings the writer must have this share; else there are several writers and none is named. */
const SHARE_MIN = 0.8
/** Names and identities, two for each file. More prove nothing more. */
const REMEMBERED_MAX = 20_000
/** A storm of short-lived processes has thousands of them. */
const SIGHTINGS_MAX = 10
/** The kernel's clock for files lags behind by up to a tick, and that of a file server by more. */
const BORN_BEFORE_MS = 1_000
const WARM_UP_MS = 150
const CANDIDATES_MAX = 64
/** How often the busy processes are picked anew: a program may start writing later. */
const REFRESH_MS = 1_000
/** In the rounds between, only those are looked at that were seen with files there. */
const ROUNDS_FOR_ALL = 4
/** A shell opens the file of `echo > file` and moves it onto its standard output. */
const STANDARD_OUTPUT = 1
/** `cp` has its source at 3 and what it creates at 4. */
const NEWCOMER_DESCRIPTORS = [STANDARD_OUTPUT, 3, 4, 5]

interface Candidate {
  readonly pid: number
  /** /proc/PID/fd/N of the descriptors where the next new file will appear. */
  readonly probes: readonly string[]
}

/** Looks for up to `durationMs`; uses up to one core meanwhile, in slices. */
export async function observeDirectoryWriters(options: ObserveOptions): Promise<DirectoryObservation> {
  const watch: Watch = { ...options, bornMsMin: Date.now() - BORN_BEFORE_MS, seen: new Map() }
  const newcomers = watchNewcomers(options.procfsRoot)
  try {
    return await observe(watch, newcomers)
  } finally {
    newcomers.close()
  }
}

async function observe(watch: Watch, newcomers: Newcomers): Promise<DirectoryObservation> {
  const { seen } = watch
  const end = performance.now() + watch.durationMs
  let candidates: Candidate[] = []
  let refreshAt = 0
  while (performance.now() < end && (judge(seen, 0).writer?.filesSeen ?? 0) < FILES_SEEN_CLEAR) {
    watch.signal?.throwIfAborted()
    if (performance.now() >= refreshAt) {
      const { busy, begun } = await activeProcesses(watch)
      for (const pid of begun) lookAtAll(pid, watch)
      candidates = busy.map((pid) => candidateOf(pid, watch))
      refreshAt = performance.now() + REFRESH_MS
    }
    if (candidates.length === 0) {
      await delay(WARM_UP_MS)
      continue
    }
    lookForSlice(candidates, newcomers, watch)
    await nextTurn()
  }
  return judge(seen, candidates.length)
}

/** Most often at those that were seen with files there: of what is open for a moment only, most would be missed among many candidates. */
function lookForSlice(candidates: readonly Candidate[], newcomers: Newcomers, watch: Watch): void {
  const writing = candidates.filter(({ pid }) => (watch.seen.get(pid)?.known.size ?? 0) > 0)
  const sliceEnd = performance.now() + SLICE_MS
  for (let round = 0; performance.now() < sliceEnd; round++) {
    for (const { pid, probes } of round % ROUNDS_FOR_ALL === 0 ? candidates : writing) for (const link of probes) look(pid, link, watch)
    for (const pid of newcomers.newest()) for (const number of NEWCOMER_DESCRIPTORS) look(pid, linkOf(pid, number, watch), watch)
  }
}

interface Watch extends ObserveOptions {
  /** On the wall clock. What is older was not created by whoever is looked for. */
  readonly bornMsMin: number
  readonly seen: Map<number, Seen>
}

/** What one process was seen holding open. */
interface Seen {
  /** Names and identities of the files that need no second look, counted or not. */
  readonly known: Set<string>
  files: number
  firstAtMs: number
  lastAtMs: number
}

function judge(seen: ReadonlyMap<number, Seen>, candidates: number): DirectoryObservation {
  const sightings = [...seen]
    .filter(([, { files }]) => files > 0)
    .map(([pid, { files, firstAtMs, lastAtMs }]) => ({ pid, filesSeen: files, spanMs: lastAtMs - firstAtMs }))
    .toSorted((a, b) => b.filesSeen - a.filesSeen)
  const total = sightings.reduce((sum, sighting) => sum + sighting.filesSeen, 0)
  const first = sightings[0]
  const isWriter =
    first !== undefined && first.filesSeen >= FILES_SEEN_MIN && first.spanMs >= SPAN_MS_MIN && first.filesSeen >= SHARE_MIN * total
  return { writer: isWriter ? first : undefined, sightings: sightings.slice(0, SIGHTINGS_MAX), candidates }
}

interface ActiveProcesses {
  /** Their count of write calls rises: only they can be creating files. Busiest first. */
  readonly busy: readonly number[]
  /** Not there a moment before. Each may create a file and be gone, and what they create is nobody else's work. */
  readonly begun: readonly number[]
}

async function activeProcesses(options: ObserveOptions): Promise<ActiveProcesses> {
  const before = writeCallsByPid(options)
  await delay(WARM_UP_MS)
  const after = writeCallsByPid(options)
  const busy = [...after]
    .map(([pid, calls]) => ({ pid, rise: calls - (before.get(pid) ?? calls) }))
    .filter((process) => process.rise > 0)
    .toSorted((a, b) => b.rise - a.rise)
    .slice(0, CANDIDATES_MAX)
    .map((process) => process.pid)
  return { busy, begun: [...after.keys()].filter((pid) => !before.has(pid)).slice(0, CANDIDATES_MAX) }
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

/** What is free among its descriptors is where new files will show up. */
function candidateOf(pid: number, watch: Watch): Candidate {
  const isFirst = !watch.seen.has(pid)
  seenOf(pid, watch.seen)
  const open = lookAtAll(pid, watch, isFirst ? 'known' : 'counted')
  const probes = [linkOf(pid, STANDARD_OUTPUT, watch)]
  for (let number = 0; probes.length <= FREE_DESCRIPTORS_PROBED; number++)
    if (!open.has(String(number))) probes.push(linkOf(pid, number, watch))
  return { pid, probes }
}

/** Looks at all of its open files once, and returns the numbers of its descriptors. */
function lookAtAll(pid: number, watch: Watch, as: 'known' | 'counted' = 'counted'): ReadonlySet<string> {
  const open = new Set(attempt(() => readdirSync(path.join(watch.procfsRoot, String(pid), 'fd'))) ?? [])
  for (const descriptor of open) look(pid, linkOf(pid, descriptor, watch), watch, as)
  return open
}

function linkOf(pid: number, descriptor: number | string, { procfsRoot }: Watch): string {
  return `${procfsRoot}/${pid}/fd/${descriptor}`
}

/** Notes the file when the descriptor holds one below the folder open for writing, and counts it when it is new. */
function look(pid: number, link: string, { directory, bornMsMin, seen }: Watch, as: 'known' | 'counted' = 'counted'): void {
  if (openFor(link) !== 'writing') return
  const target = fileBehind(link)
  if (target === undefined || !target.startsWith(directory.endsWith('/') ? directory : `${directory}/`)) return
  const process = seenOf(pid, seen)
  const { known } = process
  if (known.has(target) || known.size >= REMEMBERED_MAX) return
  // By its name first: the descriptor may be another file's by now. One that was removed has no name any more.
  const file = attempt(() => statSync(target)) ?? attempt(() => statSync(link))
  // A file that is renamed or removed while it is open bears another name, and is the same.
  const identity = file && `${file.dev}:${file.ino}:${file.birthtimeMs}`
  const isNew = file === undefined || identity === undefined || (!known.has(identity) && isBornSince(file, bornMsMin))
  known.add(target)
  if (identity !== undefined) known.add(identity)
  if (as === 'known' || !isNew) return
  process.lastAtMs = performance.now()
  if (process.files === 0) process.firstAtMs = process.lastAtMs
  process.files++
}

function seenOf(pid: number, seen: Map<number, Seen>): Seen {
  const process = seen.get(pid) ?? { known: new Set<string>(), files: 0, firstAtMs: 0, lastAtMs: 0 }
  seen.set(pid, process)
  return process
}

/** Not every file system keeps the time of birth; then what is newly opened counts as new. */
function isBornSince({ birthtimeMs }: Stats, bornMsMin: number): boolean {
  return birthtimeMs === 0 || birthtimeMs >= bornMsMin
}
