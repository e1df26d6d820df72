/**
 * Owns the exchange with an OpenAI-compatible server: one question, one answer, within its time and size. The library is loaded
 * when first needed: who has no advisor does not pay for it. The key goes into the request and nowhere else.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type OpenAI from 'openai'
import type * as OpenAILibrary from 'openai'
import { OperationalError, messageOf } from '../../lib/errors.ts'
import { printable } from '../../lib/log.ts'
import type { AdviceVerdict } from './answer.ts'
import type { AdvisorSettings } from './config.ts'
import type { Question } from './question.ts'

export interface Exchange {
  readonly text: string
  readonly model: string
  readonly tokens: number
  /** The server said that it stopped for lack of room. */
  readonly isCutOff: boolean
  readonly isRefused: boolean
}

/** Throws OperationalError with an AdviceVerdict as its reason. */
export type AskAdvisor = (question: Question, schema: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<Exchange>

const ANSWER_BYTES_MAX = 1_048_576
const SAID_MAX = 200
/** Within the time that there is. Not the library's: nothing can break off its waiting. */
const RETRIES_MAX = 2
const RETRY_MS = 500

/** What may be otherwise a moment later. */
const PASSING: ReadonlySet<AdviceVerdict> = new Set(['rate_limited', 'server_error', 'unreachable'])

export class AdvisorError extends OperationalError {
  /** How long the server wants to be left alone. */
  readonly retryAfterMs: number | undefined

  readonly verdict: AdviceVerdict

  constructor(
    message: string,
    verdict: AdviceVerdict,
    options: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(message, { reason: verdict, cause: options.cause })
    this.verdict = verdict
    this.retryAfterMs = options.retryAfterMs
  }
}

export function createAsk(settings: AdvisorSettings): AskAdvisor {
  let loading: Promise<{ readonly client: OpenAI; readonly library: typeof OpenAILibrary }> | undefined
  return async (question, schema, signal) => {
    loading ??= load(settings).catch((error: unknown) => {
      // Kept, the failure would be every later question's as well.
      loading = undefined
      throw error
    })
    const { client, library } = await loading
    const own = AbortSignal.any([signal, AbortSignal.timeout(settings.timeout_seconds * 1000)])
    const endMs = performance.now() + settings.timeout_seconds * 1000
    for (let retry = 0; ; retry++) {
      try {
        return exchangeOf(await client.chat.completions.create(requestOf(settings, question, schema), { signal: own }))
      } catch (error) {
        signal.throwIfAborted()
        const explained = explain(error, own.aborted, settings, library)
        const waitMs = explained.retryAfterMs ?? RETRY_MS * 2 ** retry
        if (!PASSING.has(explained.verdict) || retry >= RETRIES_MAX || performance.now() + waitMs > endMs) throw explained
        await delay(waitMs, undefined, { signal })
      }
    }
  }
}

async function load(settings: AdvisorSettings) {
  const library = await import('openai')
  const client = new library.OpenAI({
    apiKey: settings.key ?? 'none',
    baseURL: settings.url,
    // Else the library would take these from the environment.
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
    timeout: settings.timeout_seconds * 1000,
    maxRetries: 0,
    fetch: boundedFetch,
  })
  return { client, library }
}

function requestOf(settings: AdvisorSettings, { system, user }: Question, schema: Readonly<Record<string, unknown>>) {
  const { model, answer_tokens_max: tokens, token_limit_field: field, response_format: format } = settings
  return {
    model,
    stream: false as const,
    messages: [
      { role: 'system' as const, content: system },
      { role: 'user' as const, content: user },
    ],
    [field]: tokens,
    ...(format === 'json_schema'
      ? { response_format: { type: 'json_schema' as const, json_schema: { name: 'advice', strict: true, schema } } }
      : {}),
    ...(format === 'json_object' ? { response_format: { type: 'json_object' as const } } : {}),
  }
}

/** Servers differ: whatever is not as it should be is missing, never a crash. */
function exchangeOf(completion: unknown): Exchange {
  const { choices, usage, model } = record(completion)
  const first = record(Array.isArray(choices) ? choices[0] : undefined)
  const { content, refusal } = record(first['message'])
  const reason = first['finish_reason']
  const tokens = record(usage)['total_tokens']
  if (typeof content !== 'string' && typeof refusal !== 'string') throw new AdvisorError('it answered without a message', 'invalid')
  return {
    text: typeof content === 'string' ? content : '',
    model: typeof model === 'string' ? printable(model).slice(0, SAID_MAX) : '',
    tokens: typeof tokens === 'number' && Number.isFinite(tokens) && tokens > 0 ? Math.ceil(tokens) : 0,
    isCutOff: reason === 'length',
    isRefused: (typeof refusal === 'string' && refusal !== '') || reason === 'content_filter',
  }
}

function explain(error: unknown, isOverdue: boolean, settings: AdvisorSettings, library: typeof OpenAILibrary): AdvisorError {
  const host = new URL(settings.url).host
  if (error instanceof AdvisorError) return error
  if (isOverdue || error instanceof library.APIConnectionTimeoutError)
    return new AdvisorError(`${host} did not answer within ${settings.timeout_seconds} s`, 'timed_out', { cause: error })
  if (error instanceof TooLarge || (error instanceof Error && error.cause instanceof TooLarge))
    return new AdvisorError(`${host} answered with more than ${ANSWER_BYTES_MAX} bytes`, 'too_large')
  const status: unknown = error instanceof library.APIError ? error.status : undefined
  if (typeof status !== 'number') {
    if (error instanceof SyntaxError) return new AdvisorError(`${host}: the answer is no JSON`, 'invalid', { cause: error })
    // `fetch failed` says nothing; its cause does.
    return new AdvisorError(`${host}: ${shown(messageOf(causeOf(error)))}`, 'unreachable', { cause: error })
  }
  const text = `${host} answered ${status}: ${shown(withoutKey(messageOf(error), settings.key))}`
  if (status === 429) return new AdvisorError(text, 'rate_limited', { cause: error, retryAfterMs: retryAfter(error) })
  if (status === 401 || status === 403) return new AdvisorError(`${text}; look at advisor.key_file`, 'unauthorized', { cause: error })
  return new AdvisorError(text, status >= 500 ? 'server_error' : 'bad_request', { cause: error })
}

const RETRY_AFTER_MS_MAX = 3_600_000

function retryAfter(error: unknown): number | undefined {
  const { headers } = record(error)
  const seconds = headers instanceof Headers ? Number(headers.get('retry-after') ?? Number.NaN) : Number.NaN
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, RETRY_AFTER_MS_MAX) : undefined
}

class TooLarge extends Error {}

/** A redirect could lead the key elsewhere; an endless answer would fill the memory. */
async function boundedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: 'error' })
  let bytes = 0
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      bytes += chunk.length
      if (bytes > ANSWER_BYTES_MAX) controller.error(new TooLarge('too large'))
      else controller.enqueue(chunk)
    },
  })
  const { status, statusText, headers } = response
  return new Response(response.body === null ? null : response.body.pipeThrough(limit), { status, statusText, headers })
}

/** Servers like to repeat the key that they refuse. */
function withoutKey(text: string, key: string | undefined): string {
  return key === undefined || key === '' ? text : text.replaceAll(key, '<key>')
}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? causeOf(error.cause) : error
}

function shown(text: string): string {
  return printable(text).slice(0, SAID_MAX)
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
