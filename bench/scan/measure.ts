/** Owns one run at one number of processes: every contender in turn, round after round, on the same population. */
import type { Children } from '../lib/children.ts'
import { median, quantile } from '../lib/statistics.ts'
import type { Contender, Round } from './contenders.ts'
import type { Say } from '../lib/peers.ts'

export interface Result {
  readonly name: string
  readonly cpuMs: number
  readonly latencyMedianMs: number | undefined
  readonly latencyP99Ms: number | undefined
  readonly residentBytes: number
  readonly anonymousBytes: number
}

export interface Measurement {
  /** Processes of the population; the machine's own come on top. */
  readonly processes: number
  readonly results: readonly Result[]
}

export interface MeasureOptions {
  readonly processes: number
  readonly scrapes: number
  readonly sleepers: string
  readonly contenders: (children: Children) => Promise<readonly Contender[]>
  readonly say: Say
}

const SCRAPES_PER_ROUND = 4
/** Code is compiled and caches are filled in these, and they are not counted. */
const WARM_UP_SCRAPES = 12
const POPULATION_TIMEOUT_MS = 120_000

export async function measure(children: Children, options: MeasureOptions): Promise<Measurement> {
  const { processes, scrapes, say } = options
  say(`starting ${processes} processes`)
  const population = children.start(options.sleepers, [String(processes)])
  await population.line(/^ready/, POPULATION_TIMEOUT_MS)
  const contenders = await options.contenders(children)
  const rounds = new Map<string, Round[]>()
  for (const contender of contenders) {
    say(`${processes} processes: warming up ${contender.name}`)
    await contender.round(warmUpOf(contender))
    rounds.set(contender.name, [])
  }
  const count = Math.max(1, Math.round(scrapes / SCRAPES_PER_ROUND))
  for (let round = 1; round <= count; round++) {
    say(`${processes} processes: round ${round} of ${count}`)
    for (const contender of contenders) rounds.get(contender.name)?.push(await contender.round(SCRAPES_PER_ROUND))
  }
  return { processes, results: [...rounds].map(([name, of]) => sumUp(name, of)) }
}

/** Only just-in-time compilers need many, and the others are slow. */
function warmUpOf({ name }: Contender): number {
  return name === 'procwarden' ? WARM_UP_SCRAPES : 2
}

function sumUp(name: string, rounds: readonly Round[]): Result {
  const latencies = rounds.flatMap((round) => round.latenciesMs)
  const timed = latencies.length > 0
  return {
    name,
    cpuMs: median(rounds.map((round) => round.cpuMs)),
    latencyMedianMs: timed ? median(latencies) : undefined,
    latencyP99Ms: timed ? quantile(latencies, 0.99) : undefined,
    // The last: what it has grown to.
    residentBytes: rounds.at(-1)?.memory.residentBytes ?? Number.NaN,
    anonymousBytes: rounds.at(-1)?.memory.anonymousBytes ?? Number.NaN,
  }
}
