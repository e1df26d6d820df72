/**
 * Owns asking a server that the configuration names (a Prometheus, an Alertmanager): credentials and certificates out of files, bounded
 * answers, no redirects. Secrets are never part of an error. Knows nothing of what is asked.
 */
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import path from 'node:path'
import { z } from 'zod'
import { UsageError, errnoOf, messageOf } from './errors.ts'

const fileName = z.string().min(1).max(4096).optional()

/** How a server is reached. Files are read when the configuration is, and again at each reload. */
export const PeerSettings = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'an http or https address' })
      .refine((text) => !hasCredentials(text), 'a user goes into `user`, the password into a file named by `password_file`')
      .optional(),
    user: z.string().min(1).max(256).optional(),
    password_file: fileName,
    token_file: fileName,
    /** Who signed its certificate, where that is nobody whom this machine trusts. */
    ca_file: fileName,
    cert_file: fileName,
    key_file: fileName,
    /** The name that its certificate must carry, where it is not that of the address. */
    server_name: z.string().min(1).max(253).optional(),
  })
  .superRefine((peer, context) => {
    const fault = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message })
    if (peer.token_file !== undefined && peer.user !== undefined) fault('token_file', 'give either a user or a token, not both')
    if (peer.password_file !== undefined && peer.user === undefined) fault('password_file', 'the password of whom? Give a user, too')
    if ((peer.cert_file === undefined) !== (peer.key_file === undefined)) fault('cert_file', 'cert_file and key_file go together')
  })
export type PeerSettings = z.infer<typeof PeerSettings>

export interface PeerRequest {
  /** Sent by POST as a form; without it, GET. */
  readonly form?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly bytesMax: number
  readonly signal?: AbortSignal
}

export interface Peer {
  /** The body of a successful answer. Rejects when there is none: the caller knows what that means. */
  ask(route: string, request: PeerRequest): Promise<string>
}

/** Undefined when no address is given. `name` stands before a fault. Throws UsageError, also for a file that cannot be read. */
export function createPeer(settings: PeerSettings, folder: string, name: string): Peer | undefined {
  const { url } = settings
  if (url === undefined) return undefined
  // The address may come from a flag, which nobody has looked at yet.
  const faults = PeerSettings.safeParse(settings).error?.issues ?? []
  if (faults.length > 0) throw new UsageError(faults.map((fault) => `${[name, ...fault.path].join('.')}: ${fault.message}`).join('\n'))
  const base = url.endsWith('/') ? url : `${url}/`
  const read = (file: string | undefined): string | undefined => (file === undefined ? undefined : readText(path.resolve(folder, file)))
  const authorization = authorizationOf(settings, read)
  const [ca, cert, key] = [settings.ca_file, settings.cert_file, settings.key_file].map(read)
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(settings.server_name === undefined ? {} : { servername: settings.server_name }),
  }
  const headers: Readonly<Record<string, string>> = authorization === undefined ? {} : { authorization }
  return { ask: (route, request) => send(new URL(route, base), headers, tls, request) }
}

function send(url: URL, headers: Readonly<Record<string, string>>, tls: https.RequestOptions, request: PeerRequest): Promise<string> {
  const body = request.form === undefined ? undefined : new URLSearchParams(request.form).toString()
  const form = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) }
  const timeout = AbortSignal.timeout(request.timeoutMs)
  const options = {
    ...tls,
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, ...form, accept: 'application/json' },
    signal: request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]),
  }
  return new Promise((resolve, reject) => {
    const outgoing = (url.protocol === 'https:' ? https : http).request(url, options, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > request.bytesMax) response.destroy(new Error(`its answer is larger than ${request.bytesMax} bytes`))
        else chunks.push(chunk)
      })
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0 } = response
        if (statusCode < 200 || statusCode > 299) reject(new Error(`it answered ${statusCode}`))
        else resolve(Buffer.concat(chunks).toString())
      })
    })
    outgoing.on('error', (error) => reject(timeout.aborted ? new Error(`no answer within ${request.timeoutMs} ms`) : error))
    outgoing.end(body)
  })
}

function authorizationOf(settings: PeerSettings, read: (file: string | undefined) => string | undefined): string | undefined {
  const token = read(settings.token_file)
  if (token !== undefined) return `Bearer ${token.trim()}`
  if (settings.user === undefined) return undefined
  const password = read(settings.password_file)?.replace(/\r?\n$/, '') ?? ''
  return `Basic ${Buffer.from(`${settings.user}:${password}`).toString('base64')}`
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const why = errnoOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error)
    throw new UsageError(`cannot read ${file}: ${why}`, error)
  }
}

function hasCredentials(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.username !== '' || url.password !== '')
}
