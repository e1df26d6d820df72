/** Owns questions to Prometheus: instant queries, bounded in time, with label values quoted for PromQL. Asks, never decides. */
import { z } from 'zod'
import { OperationalError, messageOf } from '../lib/errors.ts'
import type { Peer } from '../lib/peer.ts'

const QUERY_TIMEOUT_MS = 2_000
const ANSWER_BYTES_MAX = 64 * 1024 * 1024

const InstantAnswer = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
})

const RangeAnswer = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(z.tuple([z.number(), z.string()])) })),
  }),
})

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Curve {
  readonly labels: Readonly<Record<string, string>>
  /** Seconds since the Unix epoch, and the value as Prometheus prints it. */
  readonly values: ReadonlyArray<readonly [number, string]>
}

export interface RangeRequest {
  readonly fromMs: number
  readonly toMs: number
  readonly stepSeconds: number
}

export interface Prometheus {
  /** The vector that `promql` gives at `atMs` (wall clock; now when left out). Throws OperationalError `prometheus_unreachable`. */
  query(promql: string, atMs?: number): Promise<Sample[]>
  /** What `promql` gave over a time. Throws OperationalError `prometheus_unreachable`. */
  queryRange(promql: string, range: RangeRequest): Promise<Curve[]>
}

/** `timeoutMs` is for each question. */
export function createPrometheus(peer: Peer, timeoutMs = QUERY_TIMEOUT_MS): Prometheus {
  return {
    query: async (promql, atMs) => {
      const form = { query: promql, ...(atMs === undefined ? {} : { time: String(atMs / 1000) }) }
      const answer = await ask(peer, 'api/v1/query', form, InstantAnswer, timeoutMs)
      return answer.data.result.map((sample) => ({ labels: sample.metric, value: Number(sample.value[1]) }))
    },
    queryRange: async (promql, { fromMs, toMs, stepSeconds }) => {
      const form = { query: promql, start: String(fromMs / 1000), end: String(toMs / 1000), step: String(stepSeconds) }
      const answer = await ask(peer, 'api/v1/query_range', form, RangeAnswer, timeoutMs)
      return answer.data.result.map((series) => ({ labels: series.metric, values: series.values }))
    },
  }
}

/** By POST: a query with a long label value does not fit an address. */
async function ask<Answer>(
  peer: Peer,
  route: string,
  form: Readonly<Record<string, string>>,
  schema: z.ZodType<Answer>,
  timeoutMs: number,
): Promise<Answer> {
  try {
    return schema.parse(JSON.parse(await peer.ask(route, { form, timeoutMs, bytesMax: ANSWER_BYTES_MAX })))
  } catch (error) {
    throw new OperationalError(`Prometheus did not answer: ${messageOf(error)}`, {
      reason: 'prometheus_unreachable',
      retryable: true,
      cause: error,
    })
  }
}

/** A PromQL string literal: label values come from strangers. JSON's escapes are a subset of PromQL's (Go's). */
export function promqlString(value: string): string {
  return JSON.stringify(value)
}
