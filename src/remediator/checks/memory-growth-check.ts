/** Owns the check `memory-growth`: an endpoint is loaded for half a minute, and the memory of the programs behind it is watched. */
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { OperationalError, messageOf } from '../../lib/errors.ts'
import type { CheckOf } from './definition.ts'
import { provenGrowth, type MemorySample } from './growth.ts'
import { fillPlaces } from './places.ts'
import { failed, type Measured } from './result.ts'
import type { CheckTools } from './check-tools.ts'

const SAMPLE_MS = 1_000
const ASK_MS_MAX = 5_000
/** Caches fill and the heap takes its size. */
const WARM_UP_SHARE = 0.25
const MEGABYTE = 1_000_000

const ProcessList = z.array(z.object({ group: z.string(), residentMemoryBytes: z.number() }))

export async function runMemoryGrowth(check: CheckOf<'memory-growth'>, tools: CheckTools, signal: AbortSignal): Promise<Measured> {
  const url = fillPlaces(check.url, tools.places)
  const read = reader(check, tools)
  // Whoever cannot be asked now would only have been loaded in vain.
  await read(signal)
  const startMs = performance.now()
  const stop = new AbortController()
  const watching = watch(read, startMs + check.seconds * 1000 * WARM_UP_SHARE, AbortSignal.any([signal, stop.signal]))
  let errorRatio: number
  let requests: number
  try {
    const report = await tools.load.run(orderOf(check, url), signal)
    requests = report.requests
    errorRatio = report.requests === 0 ? 1 : report.errors / report.requests
    if (errorRatio > 0.5)
      return failed(`The load on ${new URL(url).host} failed: ${report.firstError ?? 'it does not answer'}.`, { requests, errorRatio })
  } finally {
    stop.abort()
    await watching
  }
  return verdict(check, await watching, { requests, errorRatio })
}

function verdict(
  check: CheckOf<'memory-growth'>,
  samples: readonly MemorySample[],
  load: { readonly requests: number; readonly errorRatio: number },
): Measured {
  const growth = provenGrowth(samples)
  const last = samples.at(-1)
  if (growth === undefined || last === undefined)
    return { outcome: 'skipped', text: 'Memory was read too seldom to be judged; let the load last longer.', figures: load }
  const figures = { ...load, memoryBytes: last.bytes, memoryGrowthBytesPerHour: growth }
  const text = `Memory is ${mb(last.bytes)} and grows by ${growth === 0 ? 'nothing that can be told' : `at least ${mb(growth)} an hour`} under ${load.requests} requests.`
  return growth > check.growth_bytes_per_hour_max
    ? failed(`${text} ${mb(check.growth_bytes_per_hour_max)} an hour may be.`, figures)
    : { outcome: 'passed', text, figures }
}

function orderOf(check: CheckOf<'memory-growth'>, url: string) {
  const { method, headers, body, insecure } = check
  return {
    url,
    method,
    headers,
    insecure,
    connections: check.concurrency,
    seconds: check.seconds,
    requestsPerSecond: check.requests_per_second,
    // A status says nothing of memory.
    statuses: Array.from({ length: 500 }, (_, index) => index + 100),
    ...(body === undefined ? {} : { body }),
  }
}

/** Until told to end; samples of the time before `fromMs` are left out. A reading that fails is one that is missing. */
async function watch(read: (signal: AbortSignal) => Promise<number>, fromMs: number, signal: AbortSignal): Promise<MemorySample[]> {
  const samples: MemorySample[] = []
  while (!signal.aborted) {
    const bytes = await read(signal).catch(() => undefined)
    const ms = performance.now()
    if (bytes !== undefined && ms >= fromMs && !signal.aborted) samples.push({ ms, bytes })
    await delay(SAMPLE_MS, undefined, { signal }).catch(() => undefined)
  }
  return samples
}

function reader(check: CheckOf<'memory-growth'>, { places, prometheus }: CheckTools): (signal: AbortSignal) => Promise<number> {
  const { query, groups = [] } = check
  if (query !== undefined)
    return async () => {
      if (prometheus === undefined) throw unknowable('no Prometheus is configured that could be asked for memory')
      const samples = await prometheus.query(query)
      if (samples.length === 0) throw unknowable('the query for memory finds nothing')
      return samples.reduce((total, sample) => total + sample.value, 0)
    }
  const address = fillPlaces('{{exporter}}/api/processes', places)
  return async (signal) => {
    const list = await askExporter(address, signal)
    const own = list.filter((process) => groups.includes(process.group))
    if (own.length === 0) throw unknowable(`no process of ${groups.join(', ')} runs`)
    return own.reduce((total, process) => total + process.residentMemoryBytes, 0)
  }
}

async function askExporter(address: string, signal: AbortSignal): Promise<z.infer<typeof ProcessList>> {
  try {
    const response = await fetch(address, { redirect: 'error', signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_MS_MAX)]) })
    return ProcessList.parse(await response.json())
  } catch (error) {
    throw unknowable(`the exporter does not tell memory: ${messageOf(error)}`, error)
  }
}

function unknowable(message: string, cause?: unknown): OperationalError {
  return new OperationalError(message, { reason: 'memory_unknown', cause })
}

function mb(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(bytes < 10 * MEGABYTE ? 1 : 0)} MB`
}
