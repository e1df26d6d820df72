/** Owns reading raw samples of a range of time from a Prometheus, as they were scraped. Asks, never decides. */
import { z } from 'zod'
import { OperationalError, messageOf } from '../lib/errors.ts'

const QUERY_TIMEOUT_MS = 30_000

const Answer = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(z.tuple([z.number(), z.string()])) })),
  }),
})
const Refusal = z.object({ error: z.string() })

export interface Series {
  readonly labels: Readonly<Record<string, string>>
  /** In order of time, at the millisecond of the scrape. */
  readonly samples: ReadonlyArray<{ readonly atMs: number; readonly value: number }>
}

export interface RangeReader {
  /** Samples of a selector after `fromMs`, up to `toMs` (wall clock). Throws OperationalError `prometheus_unreachable`. */
  samples(selector: string, fromMs: number, toMs: number): Promise<Series[]>
}

export function createRangeReader(url: string): RangeReader {
  return {
    samples: async (selector, fromMs, toMs) => {
      const address = new URL('api/v1/query', url.endsWith('/') ? url : `${url}/`)
      address.searchParams.set('query', `${selector}[${Math.max(1, Math.ceil(toMs - fromMs))}ms]`)
      address.searchParams.set('time', String(toMs / 1000))
      try {
        const response = await fetch(address, { signal: AbortSignal.timeout(QUERY_TIMEOUT_MS) })
        const body: unknown = await response.json()
        if (!response.ok) throw new Error(Refusal.safeParse(body).data?.error ?? `it answered ${response.status}`)
        return Answer.parse(body).data.result.map(({ metric, values }) => ({
          labels: metric,
          samples: values.map(([seconds, value]) => ({ atMs: Math.round(seconds * 1000), value: Number(value) })),
        }))
      } catch (error) {
        throw new OperationalError(`Prometheus at ${url} did not answer: ${messageOf(error)}`, {
          reason: 'prometheus_unreachable',
          retryable: true,
          cause: error,
        })
      }
    },
  }
}
