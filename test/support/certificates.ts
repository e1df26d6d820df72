/** Owns copies of the tests' certificates that a test may replace, and TLS clients that present them. */
import { copyFileSync, readFileSync, renameSync } from 'node:fs'
import { Agent, request, type RequestOptions } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'

export type CertificateName = 'ca' | 'server' | 'server-renewed' | 'client' | 'stranger'

export function certificateFile(name: CertificateName, kind: 'pem' | 'key' = 'pem'): string {
  return fileURLToPath(new URL(`../fixtures/tls/${name}.${kind}`, import.meta.url))
}

export function certificate(name: CertificateName, kind: 'pem' | 'key' = 'pem'): string {
  return readFileSync(certificateFile(name, kind), 'utf8')
}

/** Puts a certificate and its key where the server reads them, each replaced at once as certbot does it. */
export function installServerCertificate(folder: string, name: CertificateName): void {
  for (const kind of ['key', 'pem'] as const) {
    copyFileSync(certificateFile(name, kind), `${folder}/new`)
    renameSync(`${folder}/new`, `${folder}/server.${kind}`)
  }
}

export interface TlsAnswer {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The common name of the server's certificate. */
  readonly serverName: string
  readonly protocol: string
}

/** One request on a connection of its own, trusting only the tests' authority. Rejects when the connection is refused. */
export function askOverTls(url: string, options: RequestOptions = {}): Promise<TlsAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<TlsAnswer>()
  const agent = new Agent({ keepAlive: false, maxCachedSessions: 0 })
  const sent = request(url, { ca: certificate('ca'), agent, ...options }, (response) => {
    const socket = response.socket as TLSSocket
    const serverName = String(socket.getPeerCertificate().subject.CN)
    const protocol = socket.getProtocol() ?? ''
    let body = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => (body += chunk))
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers, serverName, protocol }))
    response.on('error', reject)
  })
  sent.on('error', reject)
  sent.end()
  return promise
}
