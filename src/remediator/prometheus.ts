/** Owns questions to Prometheus: instant queries, bounded in time, with label values quoted for PromQL. Asks, never decides. */
import { z } from 'zod'
import { OperationalError, messageOf } from '../lib/errors.ts'

const QUERY_TIMEOUT_MS = 2_000

const InstantAnswer = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
})

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Prometheus {
  /** The vector that `promql` gives at `atMs` (wall clock; now when left out). Throws OperationalError `prometheus_unreachable`. */
  query(promql: string, atMs?: number): Promise<Sample[]>
}

export function createPrometheus(url: string): Prometheus {
  return {
    query: async (promql, atMs) => {
      const address = new URL('api/v1/query', url.endsWith('/') ? url : `${url}/`)
      address.searchParams.set('query', promql)
      if (atMs !== undefined) address.searchParams.set('time', String(atMs / 1000))
      try {
        const response = await fetch(address, { signal: AbortSignal.timeout(QUERY_TIMEOUT_MS) })
        const answer = InstantAnswer.parse(await response.json())
        return answer.data.result.map((sample) => ({ labels: sample.metric, value: Number(sample.value[1]) }))
      } catch (error) {
        throw new OperationalError(`Prometheus did not answer: ${messageOf(error)}`, {
          reason: 'prometheus_unreachable',
          retryable: true,
          cause: error,
        })
      }
    },
  }
}

/** A PromQL string literal: label values come from strangers. JSON's escapes are a subset of PromQL's (Go's). */
export function promqlString(value: string): string {
  return JSON.stringify(value)
}
