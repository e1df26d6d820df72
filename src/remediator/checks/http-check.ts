/** Owns the check `http`: so many requests at the same time, what share may fail, and how long the slowest twentieth may take. */
import type { CheckOf } from './definition.ts'
import type { LoadOrder } from './load.ts'
import { fillPlaces } from './places.ts'
import { failed, type Measured } from './result.ts'
import { inMs } from './words.ts'
import type { CheckTools } from './check-tools.ts'

export async function runHttp(check: CheckOf<'http'>, { places, load }: CheckTools, signal: AbortSignal): Promise<Measured> {
  const url = fillPlaces(check.url, places)
  const report = await load.run(orderOf(check, url), signal)
  const { requests, errors, p95Seconds, firstError } = report
  // What was not even answered within the time has failed as well.
  const missing = Math.max(0, check.requests - requests)
  const errorRatio = (errors + missing) / check.requests
  const figures = { requests, errorRatio, ...(p95Seconds === undefined ? {} : { latencyP95Seconds: p95Seconds }) }
  const host = new URL(url).host
  const why = firstError ?? (missing > 0 ? 'no answer in time' : undefined)
  if (errorRatio > check.error_ratio_max)
    return failed(`${errors + missing} of ${check.requests} requests to ${host} failed${why === undefined ? '' : `: ${why}`}.`, figures)
  if (p95Seconds !== undefined && p95Seconds > check.p95_seconds_max)
    return failed(`The p95 of ${host} is ${inMs(p95Seconds)}, above the ${inMs(check.p95_seconds_max)} it may take.`, figures)
  const p95 = p95Seconds === undefined ? '' : `, p95 ${inMs(p95Seconds)}`
  return { outcome: 'passed', text: `${requests} requests to ${host}, ${errors === 0 ? 'none' : errors} failed${p95}.`, figures }
}

function orderOf(check: CheckOf<'http'>, url: string): LoadOrder {
  const { method, headers, body, insecure, contains, status } = check
  return {
    url,
    method,
    headers,
    insecure,
    connections: check.concurrency,
    requests: check.requests,
    seconds: check.timeout_seconds,
    statuses: [status].flat(),
    ...(body === undefined ? {} : { body }),
    ...(contains === undefined ? {} : { contains }),
  }
}
