/** Owns one scrape: runs every collector under a deadline, apart from the others, and alone publishes how each of them did. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Collector } from './collector.ts'
import { Exposition, type Family } from './exposition.ts'
import { OperationalError, messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'

export interface RegistryOptions {
  readonly collectors: readonly Collector[]
  readonly deadlineMs: () => number
  readonly log: Logger
}

export interface Registry {
  /** The whole output of /metrics. Requests that come while a scrape is under way share its result. */
  scrape(): Promise<string>
}

const DURATION: Family = {
  name: 'procwarden_collector_duration_seconds',
  type: 'gauge',
  help: 'How long the collector took in this scrape.',
  labels: ['collector'],
}
const SUCCESS: Family = {
  name: 'procwarden_collector_success',
  type: 'gauge',
  help: 'Whether the collector answered in time and without a fault; at 0 its last good result is served.',
  labels: ['collector'],
}

/** What is known of one collector between scrapes. */
interface Slot {
  readonly collector: Collector
  lastGood: string
  underWay: Promise<string> | undefined
  /** The fault already in the log, so that a lasting one is logged once. */
  loggedFault: string | undefined
}

interface Outcome {
  readonly name: string
  readonly text: string
  readonly seconds: number
  readonly success: boolean
}

export function createRegistry(options: RegistryOptions): Registry {
  const slots = options.collectors.map((collector): Slot => ({ collector, lastGood: '', underWay: undefined, loggedFault: undefined }))
  let shared: Promise<string> | undefined
  return {
    scrape: () => {
      shared ??= scrapeAll(slots, options).finally(() => {
        shared = undefined
      })
      return shared
    },
  }
}

async function scrapeAll(slots: readonly Slot[], options: RegistryOptions): Promise<string> {
  const outcomes = await Promise.all(slots.map((slot) => runSlot(slot, options)))
  const own = new Exposition()
  own.family(
    DURATION,
    outcomes.map((outcome) => [[outcome.name], outcome.seconds]),
  )
  own.family(
    SUCCESS,
    outcomes.map((outcome) => [[outcome.name], outcome.success ? 1 : 0]),
  )
  return outcomes.map((outcome) => outcome.text).join('') + own.toString()
}

async function runSlot(slot: Slot, options: RegistryOptions): Promise<Outcome> {
  const { name } = slot.collector
  const startMs = performance.now()
  const seconds = (): number => (performance.now() - startMs) / 1000
  try {
    slot.lastGood = await withDeadline(collectOnce(slot), options.deadlineMs())
    if (slot.loggedFault !== undefined) options.log.info(`the ${name} collector works again`)
    slot.loggedFault = undefined
    return { name, text: slot.lastGood, seconds: seconds(), success: true }
  } catch (error) {
    const fault = messageOf(error)
    if (fault !== slot.loggedFault) options.log.error(`the ${name} collector failed, its last good result is served: ${fault}`)
    slot.loggedFault = fault
    return { name, text: slot.lastGood, seconds: seconds(), success: false }
  }
}

/** A collector that outlived its deadline is waited for again, not started a second time beside itself. */
function collectOnce(slot: Slot): Promise<string> {
  slot.underWay ??= collect(slot.collector).finally(() => {
    slot.underWay = undefined
  })
  return slot.underWay
}

async function collect(collector: Collector): Promise<string> {
  const out = new Exposition()
  await collector.collect(out)
  return out.toString()
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
