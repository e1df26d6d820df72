/** Owns the one cookie of the console: its name, its attributes, and finding it in a request. */
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'

const VALUE = /^[A-Za-z0-9_-]{43}$/

/** The session id that a request shows; undefined when it shows none that could be one. */
export function sessionIdOf(request: IncomingMessage): string | undefined {
  const wanted = cookieName(request)
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at < 0 || pair.slice(0, at).trim() !== wanted) continue
    const value = pair.slice(at + 1).trim()
    if (VALUE.test(value)) return value
  }
  return undefined
}

export function sessionCookie(request: IncomingMessage, id: string): string {
  return `${cookieName(request)}=${id}; ${attributes(request)}`
}

export function endedCookie(request: IncomingMessage): string {
  return `${cookieName(request)}=; Max-Age=0; ${attributes(request)}`
}

/** Gone when the browser closes; how long it is good for, the sessions know. */
function attributes(request: IncomingMessage): string {
  return `Path=/; HttpOnly; SameSite=Strict${isEncrypted(request) ? '; Secure' : ''}`
}

/** With the port, because cookies do not tell ports apart: two remediators on one machine would sign each other out. */
function cookieName(request: IncomingMessage): string {
  return `${isEncrypted(request) ? '__Host-' : ''}procwarden-${request.socket.localPort ?? 0}`
}

function isEncrypted({ socket }: IncomingMessage): boolean {
  return socket instanceof TLSSocket
}
