/** Owns the HTTP(S) server that a web configuration asks for: its certificates, who may connect, and what is said to the others. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { TLSSocket } from 'node:tls'
import { assert, messageOf } from './errors.ts'
import { createBasicAuth, userOf, type BasicAuth } from './basic-auth.ts'
import type { Logger } from './log.ts'
import type { Admissions } from './web-admission.ts'
import type { WebConfig, WebTls } from './web-config.ts'
import { watchWebConfig, type WebConfigWatch } from './web-config-watch.ts'

export interface WebServer {
  readonly server: Server
  readonly scheme: 'http' | 'https'
}

/** Whether an Authorization header carries a token, which there takes the place of a user and a password: it has room for one of them. */
export type BearsToken = (authorization: string | undefined) => boolean

export interface WebServerOptions {
  readonly log: Logger
  /** Where it is noted whom the file let in. */
  readonly admissions?: Admissions
  /** Who is let in without a password. */
  readonly bearsToken?: BearsToken
}

/** A peer that has not finished its handshake by then is hung up on; Node's own 120 s would let strangers hold sockets. */
const HANDSHAKE_TIMEOUT_MS = 10_000

/**
 * A server for `app` that does as the file says, at each connection and each request anew. Nothing reaches `app`, not even
 * /-/healthy, that the file does not let in. Throws UsageError when the file is faulty.
 */
export function createWebServer(app: RequestListener, webConfigFile: string, options: WebServerOptions): WebServer {
  const { log } = options
  const watch = watchWebConfig(webConfigFile, log)
  const guarded = guard(app, watch, createBasicAuth(), options)
  const { tls } = watch.current()
  if (tls === undefined) return { server: createServer(guarded), scheme: 'http' }
  const server = createTlsServer({ ...tls.context, handshakeTimeout: HANDSHAKE_TIMEOUT_MS, ...clientAuthOptions(tls) }, guarded)
  renewTls(server, tls, watch)
  server.on('tlsClientError', (error) => log.debug(`a TLS handshake failed: ${messageOf(error)}`))
  return { server, scheme: 'https' }
}

function guard(app: RequestListener, watch: WebConfigWatch, auth: BasicAuth, options: WebServerOptions): RequestListener {
  const { log, admissions, bearsToken } = options
  return (request, response) => {
    const config = watch.current()
    for (const [name, value] of config.headers) response.setHeader(name, value)
    if (config.users.size === 0 || bearsToken?.(request.headers.authorization) === true) {
      const names = verifiedNames(request, config)
      if (names) admissions?.note(request, { kind: 'certificate', names })
      app(request, response)
      return
    }
    admit(request, response, config, auth).then(
      (isAdmitted) => {
        if (!isAdmitted) return
        admissions?.note(request, { kind: 'password', user: userOf(request.headers.authorization) })
        app(request, response)
      },
      (error: unknown) => {
        log.error(`a password could not be checked: ${messageOf(error)}`)
        refuse(response, 500, 'the password could not be checked\n')
      },
    )
  }
}

async function admit(request: IncomingMessage, response: ServerResponse, config: WebConfig, auth: BasicAuth): Promise<boolean> {
  const answer = await auth.check(request.headers.authorization, config.users)
  if (answer === 'allowed') return true
  if (answer === 'busy') {
    response.setHeader('Retry-After', '1')
    refuse(response, 503, 'too many passwords are being checked\n')
    return false
  }
  response.setHeader('WWW-Authenticate', 'Basic realm="procwarden", charset="UTF-8"')
  refuse(response, 401, 'a user name and password are needed\n')
  return false
}

/** A body still on its way is not read: the connection ends with the answer. */
function refuse(response: ServerResponse, status: number, sentence: string): void {
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.setHeader('Connection', 'close')
  response.end(sentence)
}

/** Gives each new connection the certificates and the policy that are on disk when it comes. */
function renewTls(server: TlsServer, first: WebTls, watch: WebConfigWatch): void {
  let inForce = first
  // Before the server's own listener, which starts the handshake with what it has then.
  server.prependListener('connection', () => {
    const { tls } = watch.current()
    assert(tls !== undefined, 'TLS is not switched off while it is served')
    if (tls === inForce) return
    inForce = tls
    server.setSecureContext(tls.context)
    // setSecureContext does not take these two; the server keeps them as properties and reads them for each connection.
    Object.assign(server, clientAuthOptions(tls))
  })
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (!mayConnect(socket, inForce)) socket.destroy()
  })
}

function clientAuthOptions({ clientAuthType }: WebTls): { readonly requestCert: boolean; readonly rejectUnauthorized: boolean } {
  return { requestCert: clientAuthType !== 'NoClientCert', rejectUnauthorized: clientAuthType === 'RequireAndVerifyClientCert' }
}

/** What the handshake itself does not decide. */
function mayConnect(socket: TLSSocket, { clientAuthType, clientAllowedSans }: WebTls): boolean {
  if (clientAuthType === 'NoClientCert' || clientAuthType === 'RequestClientCert') return true
  const certificate = socket.getPeerCertificate()
  const isGiven = Object.keys(certificate ?? {}).length > 0
  if (clientAuthType === 'RequireAnyClientCert') return isGiven
  if (!isGiven) return clientAuthType === 'VerifyClientCertIfGiven'
  if (!socket.authorized) return false
  if (clientAllowedSans === undefined) return true
  return subjectNames(certificate.subjectaltname ?? '').some((name) => clientAllowedSans.has(name))
}

/** The names of a client certificate that the configured authority signed; undefined when there is none. */
function verifiedNames(request: IncomingMessage, { tls }: WebConfig): string[] | undefined {
  const { socket } = request
  const isVerified = tls?.clientAuthType === 'RequireAndVerifyClientCert' || tls?.clientAuthType === 'VerifyClientCertIfGiven'
  // Without an authority of its own, Node would verify against those of the public web.
  if (!isVerified || !(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const certificate = socket.getPeerCertificate()
  if (Object.keys(certificate ?? {}).length === 0) return undefined
  const { CN: commonName } = certificate.subject ?? {}
  return [...subjectNames(certificate.subjectaltname ?? ''), ...[commonName ?? []].flat()]
}

/** `DNS:a, IP Address:::1, URI:spiffe://b` as its names. Names that Node quotes for holding odd characters match nothing. */
function subjectNames(subjectAltName: string): string[] {
  return subjectAltName.split(', ').map((entry) => entry.slice(entry.indexOf(':') + 1))
}
