/** Owns a server that speaks the chat completions API of OpenAI as far as it is needed: answers, faults and delays as a test wants them. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { httpEndpoint } from './http-endpoint.ts'

export interface AdvisorRequest {
  readonly authorization: string | undefined
  readonly path: string
  readonly body: {
    readonly model: string
    readonly stream?: boolean
    readonly messages: ReadonlyArray<{ readonly role: string; readonly content: string }>
    readonly response_format?: { readonly type: string; readonly json_schema?: { readonly schema: Readonly<Record<string, unknown>> } }
    readonly [key: string]: unknown
  }
}

export type Reply =
  | { readonly answer: unknown; readonly finish?: string; readonly tokens?: number }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** The connection stays open and nothing comes. */
  | 'silence'
  /** The connection is cut in the middle of the answer. */
  | 'torn'

export interface AdvisorServer {
  /** With the version, as it is configured. */
  readonly url: string
  readonly requests: AdvisorRequest[]
  reply: Reply | ((request: AdvisorRequest) => Reply)
}

export const GOOD_ANSWER = {
  is_critical: true,
  root_cause: 'The process is in a loop.',
  confidence: 'high',
  recommended_action: 'kill',
  explanation: 'CPU is steady and nothing is written.',
}

export async function startAdvisorServer(reply: AdvisorServer['reply'] = { answer: GOOD_ANSWER }): Promise<AdvisorServer> {
  const requests: AdvisorRequest[] = []
  const server: { reply: AdvisorServer['reply'] } = { reply }
  const url = await httpEndpoint((request, response) => {
    void bodyOf(request).then((text) => {
      const seen: AdvisorRequest = {
        authorization: request.headers.authorization,
        path: request.url ?? '',
        body: JSON.parse(text) as AdvisorRequest['body'],
      }
      requests.push(seen)
      send(response, typeof server.reply === 'function' ? server.reply(seen) : server.reply, seen.body.model)
    })
  })
  return Object.assign(server, { url: `${url}/v1`, requests })
}

function send(response: ServerResponse, reply: Reply, model: string): void {
  if (reply === 'silence') return
  if (reply === 'torn') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"choices": [{"message"', () => response.destroy())
    return
  }
  if ('status' in reply) {
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
    response.end(reply.body ?? JSON.stringify({ error: { message: `status ${reply.status}`, type: 'test' } }))
    return
  }
  const content = typeof reply.answer === 'string' ? reply.answer : JSON.stringify(reply.answer)
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(
    JSON.stringify({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model,
      choices: [{ index: 0, finish_reason: reply.finish ?? 'stop', message: { role: 'assistant', content, refusal: null } }],
      usage: { prompt_tokens: 100, completion_tokens: 23, total_tokens: reply.tokens ?? 123 },
    }),
  )
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
