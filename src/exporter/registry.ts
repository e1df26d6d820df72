/** Owns one scrape: runs every collector under a deadline, apart from the others, and alone publishes how each of them did. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Collector } from './collector.ts'
import { Exposition, type ExpositionFormat, type Family } from './exposition.ts'
import type { ByteWriter } from '../lib/byte-writer.ts'
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
   * Runs all collectors, or those in `only`, and appends their output to `out`. Requests that come while the same scrape is
   * under way share its result, and different ones at the same time share the collectors they have in common.
   */
  scrape(out: ByteWriter, format?: ExpositionFormat, only?: ReadonlySet<string>): Promise<void>
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
  /** Written in next; takes turns with lastGood. */
  spare: Exposition
  underWay: Promise<void> | undefined
  /** The fault already in the log, so that a lasting one is logged once. */
  loggedFault: string | undefined
}

interface Outcome {
  readonly slot: Slot
  readonly seconds: number
  readonly success: boolean
}

export function createRegistry(options: RegistryOptions): Registry {
  const slots = options.collectors.map((collector): Slot => ({
    collector,
    lastGood: new Exposition(),
    spare: new Exposition(),
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
    scrape: async (out, format = 'text', only) => {
      render(out, await shared(only === undefined ? slots : slots.filter(({ collector }) => only.has(collector.name))), format)
    },
  }
}

function render(out: ByteWriter, outcomes: readonly Outcome[], format: ExpositionFormat): void {
  const own = new Exposition()
  own.family(
    DURATION,
    outcomes.map(({ slot, seconds }) => [[slot.collector.name], seconds]),
  )
  own.family(
    SUCCESS,
    outcomes.map(({ slot, success }) => [[slot.collector.name], success ? 1 : 0]),
  )
  // What is the last good one now: by then a further scrape may be writing over the one before it.
  for (const { slot } of outcomes) slot.lastGood.writeTo(out, format)
  own.writeTo(out, format)
}

async function runSlot(slot: Slot, options: RegistryOptions): Promise<Outcome> {
  const startMs = performance.now()
  const { name } = slot.collector
  const seconds = (): number => (performance.now() - startMs) / 1000
  try {
    await withDeadline(collectOnce(slot), options.deadlineMs())
    if (slot.loggedFault !== undefined) options.log.info(`the ${name} collector works again`)
    slot.loggedFault = undefined
    return { slot, seconds: seconds(), success: true }
  } catch (error) {
    const fault = messageOf(error)
    if (fault !== slot.loggedFault) options.log.error(`the ${name} collector failed, its last good result is served: ${fault}`)
    slot.loggedFault = fault
    return { slot, seconds: seconds(), success: false }
  }
}

/** A collector that outlived its deadline is waited for again, not started a second time beside itself. */
function collectOnce(slot: Slot): Promise<void> {
  slot.underWay ??= collect(slot).finally(() => {
    slot.underWay = undefined
  })
  return slot.underWay
}

async function collect(slot: Slot): Promise<void> {
  slot.spare.clear()
  await slot.collector.collect(slot.spare)
  ;[slot.lastGood, slot.spare] = [slot.spare, slot.lastGood]
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
