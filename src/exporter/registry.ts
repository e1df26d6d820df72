/** Owns one scrape: runs every collector under a deadline, apart from the others, and alone publishes how each of them did. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Collector } from './collector.ts'
import { Exposition, type ExpositionFormat, type Family } from './exposition.ts'
import { OperationalError, messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'

export interface RegistryOptions {
  readonly collectors: readonly Collector[]
  readonly deadlineMs: () => number
  readonly log: Logger
}

export interface Registry {
  /** The names that `only` may hold. */
  readonly collectorNames: readonly string[]
  /**
   * The output of all collectors, or of those in `only`. Requests that come while the same scrape is under way share its
   * result, and different ones at the same time share the collectors they have in common.
   */
  scrape(format?: ExpositionFormat, only?: ReadonlySet<string>): Promise<string>
}

export const DURATION: Family = {
  name: 'procwarden_collector_duration_seconds',
  type: 'gauge',
  help: 'How long the collector took in this scrape.',
  labels: ['collector'],
}
export const SUCCESS: Family = {
  name: 'procwarden_collector_success',
  type: 'gauge',
  help: 'Whether the collector answered in time and without a fault; at 0 its last good result is served.',
  labels: ['collector'],
}

/** What is known of one collector between scrapes. */
interface Slot {
  readonly collector: Collector
  lastGood: Exposition
  underWay: Promise<Exposition> | undefined
  /** The fault already in the log, so that a lasting one is logged once. */
  loggedFault: string | undefined
}

interface Outcome {
  readonly name: string
  readonly exposition: Exposition
  readonly seconds: number
  readonly success: boolean
}

export function createRegistry(options: RegistryOptions): Registry {
  const slots = options.collectors.map((collector): Slot => ({
    collector,
    lastGood: new Exposition(),
    underWay: undefined,
    loggedFault: undefined,
  }))
  // At most one entry for each set of collectors that is being asked for right now.
  const underWay = new Map<string, Promise<readonly Outcome[]>>()
  const shared = (chosen: readonly Slot[]): Promise<readonly Outcome[]> => {
    const key = chosen.map(({ collector }) => collector.name).join(' ')
    const scrape = underWay.get(key) ?? Promise.all(chosen.map((slot) => runSlot(slot, options))).finally(() => underWay.delete(key))
    underWay.set(key, scrape)
    return scrape
  }
  return {
    collectorNames: slots.map(({ collector }) => collector.name),
    scrape: async (format = 'text', only) =>
      render(await shared(only === undefined ? slots : slots.filter(({ collector }) => only.has(collector.name))), format),
  }
}

function render(outcomes: readonly Outcome[], format: ExpositionFormat): string {
  const own = new Exposition()
  own.family(
    DURATION,
    outcomes.map((outcome) => [[outcome.name], outcome.seconds]),
  )
  own.family(
    SUCCESS,
    outcomes.map((outcome) => [[outcome.name], outcome.success ? 1 : 0]),
  )
  return outcomes.map(({ exposition }) => exposition.toString(format)).join('') + own.toString(format)
}

async function runSlot(slot: Slot, options: RegistryOptions): Promise<Outcome> {
  const { name } = slot.collector
  const startMs = performance.now()
  const seconds = (): number => (performance.now() - startMs) / 1000
  try {
    slot.lastGood = await withDeadline(collectOnce(slot), options.deadlineMs())
    if (slot.loggedFault !== undefined) options.log.info(`the ${name} collector works again`)
    slot.loggedFault = undefined
    return { name, exposition: slot.lastGood, seconds: seconds(), success: true }
  } catch (error) {
    const fault = messageOf(error)
    if (fault !== slot.loggedFault) options.log.error(`the ${name} collector failed, its last good result is served: ${fault}`)
    slot.loggedFault = fault
    return { name, exposition: slot.lastGood, seconds: seconds(), success: false }
  }
}

/** A collector that outlived its deadline is waited for again, not started a second time beside itself. */
function collectOnce(slot: Slot): Promise<Exposition> {
  slot.underWay ??= collect(slot.collector).finally(() => {
    slot.underWay = undefined
  })
  return slot.underWay
}

async function collect(collector: Collector): Promise<Exposition> {
  const out = new Exposition()
  await collector.collect(out)
  return out
}

async function withDeadline<Value>(work: Promise<Value>, deadlineMs: number): Promise<Value> {
  const timer = new AbortController()
  const late = delay(deadlineMs, undefined, { signal: timer.signal }).then(() => {
    throw new OperationalError(`no answer within ${deadlineMs} ms`, { reason: 'deadline', retryable: true })
  })
  try {
    return await Promise.race([work, late])
  } finally {
    timer.abort()
    late.catch(() => undefined)
  }
}
