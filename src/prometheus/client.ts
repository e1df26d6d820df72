/** Owns questions to a Prometheus somewhere: authentication, TLS, time-outs, bounded answers, and errors that tell the way out. */
import http from 'node:http'
import https from 'node:https'
import { z } from 'zod'
import { OperationalError, errnoOf, messageOf } from '../lib/errors.ts'

export interface PrometheusAccess {
  readonly url: URL
  /** Sent with each request; holds the credentials. */
  readonly headers: Readonly<Record<string, string>>
  readonly tls: {
    readonly ca?: string
    readonly cert?: string
    readonly key?: string
    readonly servername?: string
    readonly rejectUnauthorized?: boolean
  }
}

/** Unix seconds and the value at that time. */
export type Point = readonly [timestampSeconds: number, value: number]

export interface VectorSample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface MatrixSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly points: readonly Point[]
}

export interface LoadedRule {
  readonly name: string
  readonly query: string
  readonly type: string
  readonly state: string | undefined
  readonly health: string | undefined
  readonly lastError: string | undefined
  readonly group: string
  readonly groupIntervalSeconds: number
}

/** All throw OperationalError, its reason being one of PROMETHEUS_REASONS. */
export interface PrometheusClient {
  /** The address without credentials, for messages. */
  readonly address: string
  query(promql: string, atSeconds?: number): Promise<VectorSample[]>
  /** Both ends included; at most POINTS_MAX steps. */
  queryRange(promql: string, range: { readonly from: number; readonly to: number; readonly stepSeconds: number }): Promise<MatrixSeries[]>
  rules(): Promise<LoadedRule[]>
  /** The labels, `__name__` among them, of the series that fit a selector and had samples between the two moments. */
  series(selector: string, range: { readonly from: number; readonly to: number }): Promise<Array<Readonly<Record<string, string>>>>
  /** The values that a label had since then, over all series. */
  labelValues(label: string, fromSeconds: number): Promise<string[]>
}

export const PROMETHEUS_REASONS = ['unreachable', 'tls', 'unauthorized', 'not_prometheus', 'query', 'too_large', 'timeout'] as const
type Reason = (typeof PROMETHEUS_REASONS)[number]

/** Prometheus refuses a range query with more points than this for each series. */
export const POINTS_MAX = 11_000
const REQUEST_TIMEOUT_MS = 120_000
const ANSWER_BYTES_MAX = 512 * 1024 * 1024

const Labels = z.record(z.string(), z.string())
const Value = z.tuple([z.number(), z.string()])
const Answer = z.object({ status: z.enum(['success', 'error']), error: z.string().optional(), data: z.unknown() })
const Vector = z.object({ resultType: z.literal('vector'), result: z.array(z.object({ metric: Labels, value: Value })) })
const Matrix = z.object({ resultType: z.literal('matrix'), result: z.array(z.object({ metric: Labels, values: z.array(Value) })) })
const SeriesList = z.array(Labels)
const LabelValues = z.array(z.string())
const Rules = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      interval: z.number(),
      rules: z.array(
        z.object({
          name: z.string(),
          query: z.string(),
          type: z.string(),
          state: z.string().optional(),
          health: z.string().optional(),
          lastError: z.string().optional(),
        }),
      ),
    }),
  ),
})

/** Requests end with the signal, when one is given. */
export function createPrometheusClient(access: PrometheusAccess, signal?: AbortSignal): PrometheusClient {
  const address = `${access.url.origin}${access.url.pathname}`.replace(/\/$/, '')
  const agent =
    access.url.protocol === 'https:'
      ? new https.Agent({ ...access.tls, keepAlive: true, maxSockets: 4 })
      : new http.Agent({ keepAlive: true, maxSockets: 4 })
  const ask = async (path: string, parameters?: Readonly<Record<string, string>>): Promise<unknown> => {
    const { status, body } = await request({ access, agent, address, signal }, path, parameters)
    return dataOf(address, status, body)
  }
  return {
    address,
    query: async (promql, atSeconds) => {
      const data = parsed(
        Vector,
        await ask('query', { query: promql, ...(atSeconds === undefined ? {} : { time: String(atSeconds) }) }),
        address,
      )
      return data.result.map(({ metric, value }) => ({ labels: metric, value: numberOf(value[1]) }))
    },
    queryRange: async (promql, { from, to, stepSeconds }) => {
      const range = { start: String(from), end: String(to), step: String(stepSeconds) }
      const data = parsed(Matrix, await ask('query_range', { query: promql, ...range }), address)
      return data.result.map(({ metric, values }) => ({
        labels: metric,
        points: values.map(([at, value]): Point => [at, numberOf(value)]),
      }))
    },
    series: async (selector, { from, to }) =>
      parsed(SeriesList, await ask('series', { 'match[]': selector, start: String(from), end: String(to) }), address),
    labelValues: async (label, fromSeconds) =>
      parsed(LabelValues, await ask(`label/${encodeURIComponent(label)}/values?start=${Math.floor(fromSeconds)}`), address),
    rules: async () => {
      const data = parsed(Rules, await ask('rules'), address)
      return data.groups.flatMap((group) =>
        group.rules.map(({ name, query, type, state, health, lastError }) => ({
          name,
          query,
          type,
          state,
          health,
          lastError: lastError === '' ? undefined : lastError,
          group: group.name,
          groupIntervalSeconds: group.interval,
        })),
      )
    },
  }
}

interface Connection {
  readonly access: PrometheusAccess
  readonly agent: http.Agent
  readonly address: string
  readonly signal: AbortSignal | undefined
}

/** POST, since selectors of many programs outgrow an address; GET where nothing is asked. */
function request(
  { access, agent, address, signal }: Connection,
  path: string,
  parameters: Readonly<Record<string, string>> | undefined,
): Promise<{ readonly status: number; readonly body: string }> {
  const body = parameters === undefined ? undefined : new URLSearchParams(parameters).toString()
  const { request: send } = access.url.protocol === 'https:' ? https : http
  return new Promise((resolve, reject) => {
    const outgoing = send(
      `${address}/api/v1/${path}`,
      {
        agent,
        method: body === undefined ? 'GET' : 'POST',
        timeout: REQUEST_TIMEOUT_MS,
        ...(signal === undefined ? {} : { signal }),
        headers: {
          ...access.headers,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) }),
        },
      },
      (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes > ANSWER_BYTES_MAX) response.destroy(tooLarge(address))
          else chunks.push(chunk)
        })
        response.on('error', reject)
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
      },
    )
    outgoing.on('timeout', () =>
      outgoing.destroy(failure('timeout', `${address} did not answer within ${REQUEST_TIMEOUT_MS / 1000} s: ask for fewer days`)),
    )
    outgoing.on('error', (error) => reject(explain(address, error)))
    outgoing.end(body)
  })
}

function dataOf(address: string, status: number, body: string): unknown {
  if (status === 401 || status === 403)
    throw failure(
      'unauthorized',
      `${address} answered ${status} (${status === 401 ? 'who are you?' : 'not for you'}): give a user with --prometheus.user and --prometheus.password-file, or a token with --prometheus.token-file`,
    )
  if (status >= 300 && status < 400)
    throw failure('not_prometheus', `${address} answered ${status}, a redirect: give the address it leads to`)
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch (error) {
    throw failure(
      'not_prometheus',
      `${address} answered ${status}, but not as Prometheus does: is it the address of a Prometheus, with its path prefix?`,
      error,
    )
  }
  const answer = Answer.safeParse(json)
  if (!answer.success) throw failure('not_prometheus', `${address} answered ${status}, but not as Prometheus does`, answer.error)
  if (answer.data.status === 'error')
    throw failure('query', `Prometheus refused the query: ${(answer.data.error ?? 'without a reason').slice(0, 500)}`)
  return answer.data.data
}

function parsed<Schema extends z.ZodType>(schema: Schema, data: unknown, address: string): z.infer<Schema> {
  const result = schema.safeParse(data)
  if (result.success) return result.data
  throw failure(
    'not_prometheus',
    `${address} answered in a form that is not Prometheus': ${messageOf(result.error).slice(0, 200)}`,
    result.error,
  )
}

function explain(address: string, error: Error): Error {
  if (error instanceof OperationalError) return error
  const code = errnoOf(error) ?? ''
  if (/^(ERR_TLS|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|ERR_SSL|EPROTO)/.test(code)) {
    const wayOut = /ERR_SSL_.*ALERT|EPROTO/.test(code)
      ? 'does it speak TLS, and does it want a client certificate (--prometheus.cert-file, --prometheus.key-file)?'
      : 'give the authority that signed it with --prometheus.ca-file, or --prometheus.insecure to look away'
    return failure('tls', `no secure connection to ${address} (${messageOf(error)}): ${wayOut}`, error)
  }
  const why =
    { ECONNREFUSED: 'nothing listens there', ENOTFOUND: 'there is no such host', EAI_AGAIN: 'the name cannot be resolved' }[code] ??
    messageOf(error)
  return failure('unreachable', `cannot reach Prometheus at ${address}: ${why}; is --prometheus.url right?`, error)
}

function tooLarge(address: string): OperationalError {
  return failure('too_large', `${address} answered with more than ${ANSWER_BYTES_MAX / 1024 / 1024} MiB: choose fewer programs or days`)
}

function failure(reason: Reason, message: string, cause?: unknown): OperationalError {
  return new OperationalError(message, { reason, retryable: reason === 'unreachable' || reason === 'timeout', cause })
}

function numberOf(text: string): number {
  return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text)
}
