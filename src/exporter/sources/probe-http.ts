/** Owns asking one HTTP(S) endpoint once: bounded in time and bytes, over a connection of its own. Never follows a redirect, never trusts an unknown certificate. */
import type { IncomingMessage } from 'node:http'
import { errnoOf } from '../../lib/errors.ts'
import { request as httpRequest } from '../../lib/node-http.ts'

export const PROBE_METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS'] as const
export type ProbeMethod = (typeof PROBE_METHODS)[number]

export interface ProbeTarget {
  /** May hold a user and a password: never shown, never logged. */
  readonly url: string
  readonly method: ProbeMethod
  /** Empty: any of 200 to 299. */
  readonly expectedStatuses: readonly number[]
  /** Looked for in the first 64 KiB of the body. */
  readonly expectedBody: RegExp | undefined
  readonly timeoutMs: number
}

export const PROBE_FAILURES = ['timeout', 'dns', 'connection', 'tls', 'protocol', 'status', 'body'] as const
export type ProbeFailure = (typeof PROBE_FAILURES)[number]

export interface ProbeResult {
  /** Undefined when the endpoint is healthy. */
  readonly failure: ProbeFailure | undefined
  /** From the start until the body's end, or until it failed. */
  readonly durationSeconds: number
  /** Absent when there was no answer. */
  readonly statusCode: number | undefined
  /** Whether the endpoint gave a whole answer, healthy or not: only then is its duration a latency. */
  readonly answered: boolean
}

const BODY_BYTES_MAX = 64 * 1024
const USER_AGENT = 'procwarden-probe'

/** Never rejects: whatever goes wrong is the result. Aborting `signal` ends it as a timeout. */
export async function probeHttp(target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  const startMs = performance.now()
  const deadline = AbortSignal.timeout(target.timeoutMs)
  const result = (failure: ProbeFailure | undefined, statusCode: number | undefined, answered: boolean): ProbeResult => ({
    failure,
    durationSeconds: (performance.now() - startMs) / 1000,
    statusCode,
    answered,
  })
  let statusCode: number | undefined
  try {
    const response = await send(target, AbortSignal.any([signal, deadline]))
    ;({ statusCode } = response)
    const body = await readBody(response)
    return result(judge(target, statusCode ?? 0, body), statusCode, true)
  } catch (error) {
    return result(deadline.aborted || signal.aborted ? 'timeout' : failureOf(error), statusCode, false)
  }
}

function judge(target: ProbeTarget, statusCode: number, body: string): ProbeFailure | undefined {
  const { expectedStatuses, expectedBody } = target
  const isExpected = expectedStatuses.length > 0 ? expectedStatuses.includes(statusCode) : statusCode >= 200 && statusCode < 300
  if (!isExpected) return 'status'
  return expectedBody === undefined || expectedBody.test(body) ? undefined : 'body'
}

function send(target: ProbeTarget, signal: AbortSignal): Promise<IncomingMessage> {
  const { url, method } = target
  return new Promise((resolve, reject) => {
    // Without an agent each probe connects anew, as a new client would, and leaves no connection behind.
    const options = { method, signal, agent: false as const, headers: { 'user-agent': USER_AGENT, accept: '*/*' } }
    // TLS is loaded by whoever needs it: it takes 3 MB.
    const requestBy = url.startsWith('https:') ? process.getBuiltinModule('node:https').request : httpRequest
    const request = requestBy(url, options, resolve)
    request.once('error', reject)
    // Who switches to another protocol unasked gives no answer, and Node tells no error; nor does it when a connection just closes.
    request.once('upgrade', (_response, socket) => {
      socket.destroy()
      reject(Object.assign(new Error('the endpoint switched to another protocol'), { code: 'HPE_UPGRADE' }))
    })
    request.once('close', () => reject(new Error('the connection closed without an answer')))
    request.end()
  })
}

/** The first part of the body; a longer one is cut there, and the connection with it. */
async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  const parts: AsyncIterable<Uint8Array> = response
  for await (const chunk of parts) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= BODY_BYTES_MAX) break
  }
  return Buffer.concat(chunks).subarray(0, BODY_BYTES_MAX).toString('utf8')
}

/** A closed set, for it is a label: messages of errors may hold parts of the URL. */
function failureOf(error: unknown): ProbeFailure {
  const code = errnoOf(error) ?? ''
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'dns'
  if (code.startsWith('HPE_')) return 'protocol'
  if (/CERT|TLS|SSL|SELF_SIGNED|^EPROTO$|VERIFY/.test(code)) return 'tls'
  return 'connection'
}
