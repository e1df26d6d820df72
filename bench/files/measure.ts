/** Owns one run: in every round each contender watches a fresh folder in turn, and one writer works without any watcher. */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { createChildren, type Children } from '../lib/children.ts'
import type { Say } from '../lib/peers.ts'
import { median } from '../lib/statistics.ts'
import { cpuMs, memoryUse } from '../lib/usage.ts'
import type { Contender, Counts, Watching } from './contenders.ts'
import type { Grounds } from './file-system.ts'

export interface Round {
  readonly creations: Counts
  /** Of them, to the writer; undefined where processes are not known. */
  readonly attributed: number | undefined
  /** Of the create-and-unlink pairs alone. */
  readonly pairs: Counts
  /** Of the watcher, from the first creation until all are counted. */
  readonly cpuMs: number
  /** The most that its anonymous memory grew meanwhile. */
  readonly growthBytes: number
  readonly writer: WriterCost
}

export interface WriterCost {
  readonly wallMs: number
  readonly cpuMs: number
}

export interface Result {
  readonly name: string
  readonly rounds: readonly Round[]
}

export interface Measurement {
  readonly files: number
  readonly pairs: number
  /** Without a watcher, one for each round. */
  readonly alone: readonly WriterCost[]
  readonly results: readonly Result[]
}

export interface MeasureOptions {
  readonly files: number
  readonly pairs: number
  readonly rounds: number
  readonly grounds: Grounds
  readonly contenders: readonly Contender[]
  readonly say: Say
  readonly children: (created: Children) => void
}

/** A watcher is a service: its code is compiled and its memory has the size that it has from then on. */
const WARM_UP_FILES = 5_000
const WARM_UP_LOOKS = 12
/** Until a contender that has started rests. */
const CALM_MS = 1_500
const SAMPLE_INTERVAL_MS = 50
/** A count that has not changed for this long will not any more. */
const SETTLED_MS = 10_000
const LOOK_EVERY_MS = 500
const COUNTED_TIMEOUT_MS = 180_000
const WRITER_TIMEOUT_MS = 300_000

export async function measure(options: MeasureOptions): Promise<Measurement> {
  const alone: WriterCost[] = []
  const rounds = new Map<string, Round[]>(options.contenders.map(({ name }) => [name, []]))
  for (let round = 1; round <= options.rounds; round++) {
    options.say(`round ${round} of ${options.rounds}: no watcher`)
    alone.push(await withWriter(options, (write, directory) => write('create', directory, options.files)))
    for (const contender of options.contenders) {
      options.say(`round ${round} of ${options.rounds}: ${contender.name}`)
      rounds.get(contender.name)?.push(await watchedRound(contender, options))
    }
  }
  return { files: options.files, pairs: options.pairs, alone, results: [...rounds].map(([name, of]) => ({ name, rounds: of })) }
}

/** By how much the writer took longer, as a ratio. */
export interface SlowDown {
  /** Of each round by its own baseline: both saw the same neighbours. */
  readonly median: number
  /** Of the quickest round with the watcher and the quickest without: neighbours only ever add. */
  readonly best: number
}

export function slowDown({ rounds }: Result, alone: readonly WriterCost[], cost: keyof WriterCost): SlowDown {
  const [watched, unwatched] = [rounds.map(({ writer }) => writer[cost]), alone.map((writer) => writer[cost])]
  return {
    median: median(watched.map((value, index) => value / (unwatched[index] ?? Number.NaN))),
    best: Math.min(...watched) / Math.min(...unwatched),
  }
}

type Write = (verb: 'warm' | 'create' | 'pairs', directory: string, count: number) => Promise<WriterCost>

function watchedRound(contender: Contender, options: MeasureOptions): Promise<Round> {
  return withWriter(options, async (write, directory, children, writerPid) => {
    const watching = await contender.start(children, directory, path.dirname(directory))
    await write('warm', directory, WARM_UP_FILES)
    const warm = await settled(watching, { created: WARM_UP_FILES, deleted: 0 })
    const credited = await watching.attributed?.(writerPid)
    for (let look = 0; look < WARM_UP_LOOKS; look++) await watching.attributed?.(writerPid)
    await delay(CALM_MS)
    const usage = followUsage(watching)
    const writer = await write('create', directory, options.files)
    const creations = await settled(watching, { created: warm.created + options.files, deleted: warm.deleted })
    const { cpu, growthBytes } = usage.end()
    const all = await watching.attributed?.(writerPid)
    const attributed = all === undefined ? undefined : all - (credited ?? 0)
    await write('pairs', directory, options.pairs)
    const after = await settled(watching, { created: creations.created + options.pairs, deleted: creations.deleted + options.pairs })
    return {
      creations: minus(creations, warm),
      attributed,
      pairs: minus(after, creations),
      cpuMs: cpu,
      growthBytes,
      writer,
    }
  })
}

async function withWriter<Outcome>(
  options: MeasureOptions,
  act: (write: Write, directory: string, children: Children, pid: number) => Promise<Outcome>,
): Promise<Outcome> {
  const children = createChildren()
  options.children(children)
  try {
    const grounds = options.grounds.fresh()
    const [directory, warmUp] = [path.join(grounds, 'watched'), path.join(grounds, 'warm-up')]
    for (const folder of [directory, warmUp]) mkdirSync(folder)
    const program = children.start(process.execPath, [path.join(import.meta.dirname, 'writer.ts')])
    await program.line(/^ready$/)
    const write: Write = async (verb, folder, count) => {
      const line = program.line(/^\{/, WRITER_TIMEOUT_MS)
      program.write(`${verb} ${folder} ${count}\n`)
      return z.object({ wallMs: z.number(), cpuMs: z.number() }).parse(JSON.parse(await line))
    }
    await write('warm', warmUp, WARM_UP_FILES)
    return await act(write, directory, children, program.pid)
  } finally {
    await children.close()
    options.grounds.drop()
  }
}

interface Usage {
  readonly cpu: number
  readonly growthBytes: number
}

function followUsage({ pid }: Watching): { end(): Usage } {
  const cpuBefore = cpuMs(pid)
  const memoryBefore = memoryUse(pid).anonymousBytes
  let most = memoryBefore
  const look = (): void => {
    most = Math.max(most, memoryUse(pid).anonymousBytes)
  }
  const timer = setInterval(look, SAMPLE_INTERVAL_MS)
  return {
    end: () => {
      clearInterval(timer)
      look()
      return { cpu: cpuMs(pid) - cpuBefore, growthBytes: most - memoryBefore }
    },
  }
}

/** The counts once they are those that are due, or change no more. */
async function settled(watching: Watching, due: Counts): Promise<Counts> {
  const end = performance.now() + COUNTED_TIMEOUT_MS
  let counts = await watching.counts()
  let changedMs = performance.now()
  while ((counts.created < due.created || counts.deleted < due.deleted) && performance.now() < Math.min(end, changedMs + SETTLED_MS)) {
    await delay(LOOK_EVERY_MS)
    const now = await watching.counts()
    if (now.created !== counts.created || now.deleted !== counts.deleted) changedMs = performance.now()
    counts = now
  }
  return counts
}

function minus(a: Counts, b: Counts): Counts {
  return { created: a.created - b.created, deleted: a.deleted - b.deleted }
}
