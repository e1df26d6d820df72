/** Owns which handler answers a request, and what is said when none does. Plain node:http: express holds 5 MB, which is more than the rest of the routes together. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

export interface Route {
  /** GET answers HEAD as well. */
  readonly method: 'GET' | 'POST'
  /** The whole path, without a query. */
  readonly path: string
  readonly handle: Handler
}

/** A handler that fails before it has said anything becomes a 500, and a line in the log. */
export function createRouter(routes: readonly Route[], log: Logger): RequestListener {
  const byPath = new Map<string, Route[]>()
  for (const route of routes) byPath.set(route.path, [...(byPath.get(route.path) ?? []), route])
  return (request, response) => {
    const path = pathOf(request.url ?? '/')
    const known = byPath.get(path) ?? []
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const route = known.find((each) => each.method === method)
    if (route === undefined) {
      refuse(response, known)
      return
    }
    answer(route.handle, request, response).catch((error: unknown) => {
      log.error(`${path} could not be answered: ${messageOf(error)}`)
      if (response.headersSent) response.destroy()
      else sendText(response, 500, 'this could not be answered; the log says why\n')
    })
  }
}

async function answer(handle: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  await handle(request, response)
}

export function sendText(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  send(response, status, `${type}; charset=utf-8`, Buffer.from(text))
}

/** `value` must be JSON. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json; charset=utf-8', Buffer.from(JSON.stringify(value)))
}

function send(response: ServerResponse, status: number, type: string, body: Buffer): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': body.length, 'X-Content-Type-Options': 'nosniff' })
  response.end(body)
}

function refuse(response: ServerResponse, known: readonly Route[]): void {
  if (known.length === 0) {
    sendText(response, 404, 'there is no such page; / lists those that there are\n')
    return
  }
  response.setHeader('Allow', known.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', '))
  sendText(response, 405, 'this page does not take this method\n')
}

/** One slash at the end makes no other page. */
function pathOf(url: string): string {
  const query = url.indexOf('?')
  const path = query < 0 ? url : url.slice(0, query)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
