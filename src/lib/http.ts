/** Owns what both halves' HTTP servers share: listen addresses, listening, the landing page and origin checks. */
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { isIP, type Server as NetServer } from 'node:net'
import os from 'node:os'
import { UsageError, assert, errnoOf, messageOf } from './errors.ts'
import type { Logger } from './log.ts'
import { createServer } from './node-http.ts'
import type { Admissions } from './web-admission.ts'
import type { BearsToken } from './web-server.ts'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** What a landing page tells. */
export interface LandingPage {
  readonly title: string
  readonly description: string
  readonly links: ReadonlyArray<{ readonly path: string; readonly text: string }>
  readonly version?: string
}

export interface RunningServer {
  readonly url: string
  readonly port: number
  /** Stops accepting, ends idle connections, waits for requests under way up to `graceMs`. */
  close(graceMs?: number): Promise<void>
}

/** `host:port`, `:port` or `[v6]:port`. Throws UsageError. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (!match || port > 65_535) throw new UsageError(`"${text}" is not a listen address: write HOST:PORT, for example 127.0.0.1:9930`)
  return { host: match[1] ?? (match[2] === '' ? '::' : (match[2] ?? '::')), port }
}

/** The landing page; registered last by parts that have no page of their own. */
export function landingPage(options: LandingPage): string {
  const version = options.version === undefined ? '' : `<p>Version ${options.version}</p>`
  const links = options.links.map((link) => `<li><a href="${link.path}">${link.text}</a></li>`).join('\n')
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${options.title}</title></head>
<body><h1>${options.title}</h1><p>${options.description}</p><ul>
${links}
</ul>${version}</body></html>
`
}

export interface ListenOptions {
  /** TLS, basic authentication and headers; without it plain HTTP for everyone. */
  readonly webConfigFile: string | undefined
  readonly log: Logger
  /** Who is let in without a password. */
  readonly bearsToken?: BearsToken
  /** Where the web configuration notes whom it let in, for routes that ask. */
  readonly admissions?: Admissions
}

/**
 * Prometheus and Alertmanager keep a connection for five minutes. Whoever closes first should be them: a request that is on its way
 * while we close is lost, and one that is posted is not sent again at once.
 */
const KEEP_ALIVE_MS = 310_000

/** Starts listening. A taken or forbidden port and a faulty web configuration are a UsageError that names it. */
export async function listen(app: RequestListener, address: ListenAddress, part: string, options?: ListenOptions): Promise<RunningServer> {
  const { server, scheme } =
    options?.webConfigFile === undefined
      ? { server: createServer(app), scheme: 'http' }
      : // Certificates and passwords need much that plain HTTP does not.
        (await import('./web-server.ts')).createWebServer(app, options.webConfigFile, options)
  server.keepAliveTimeout = KEEP_ALIVE_MS
  server.requestTimeout = 30_000
  server.headersTimeout = 10_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, address, part)))
    server.listen(address.port, address.host, resolve)
  })
  const port = portOf(server)
  const host = address.host === '::' || address.host === '0.0.0.0' ? '127.0.0.1' : address.host
  return {
    url: `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`,
    port,
    close: (graceMs = 3_000) => closeServer(server, graceMs),
  }
}

/** The port that a listening TCP server got. */
export function portOf(server: NetServer): number {
  const address = server.address()
  assert(typeof address === 'object' && address !== null, 'a listening TCP server has a port')
  return address.port
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').replace(/^::ffff:/, '')
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}

function listenError(error: Error, address: ListenAddress, part: string): UsageError {
  const where = `${address.host}:${address.port}`
  const code = errnoOf(error)
  if (code === 'EADDRINUSE')
    return new UsageError(`the ${part} cannot listen on ${where}: the port is taken; choose another port, or 0 for any free one`, error)
  if (code === 'EACCES') return new UsageError(`the ${part} cannot listen on ${where}: not permitted; choose a port above 1023`, error)
  return new UsageError(`the ${part} cannot listen on ${where}: ${messageOf(error)}`, error)
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(force)
      resolve()
    })
    server.closeIdleConnections()
  })
}

/**
 * Tells a request that is not meant for this server: on a loopback listener, a Host or Origin of elsewhere is a page in
 * somebody's browser reaching in (DNS rebinding).
 */
export function createForeignCheck(
  address: ListenAddress,
  ownNames: () => readonly string[] = () => [],
): (request: IncomingMessage) => boolean {
  const open = !isLoopback(address.host)
  const ownName = os.hostname().toLowerCase()
  const isOwn = (authority: string): boolean => {
    const name = authority.toLowerCase().replace(/:\d+$/, '')
    // Names below localhost never leave the machine (RFC 6761, section 6.3); each has cookies of its own.
    return isLoopback(name) || name.endsWith('.localhost') || name === ownName || ownNames().some((own) => own.toLowerCase() === name)
  }
  return ({ headers: { host = '', origin } }) => {
    const foreignOrigin = origin !== undefined && origin.replace(/^[a-z]+:\/\//, '').toLowerCase() !== host.toLowerCase()
    return foreignOrigin || (!open && host !== '' && !isOwn(host))
  }
}

export const FOREIGN_ANSWER = 'this server answers only to its own address\n'
